"""Engines without a model: one says what it is told, one repeats an earlier transcript.

They ship with the package so that users can test what they build around the seam.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from voiceguard.domain import Engine, Span, Transcript, Window, Word
from voiceguard.transcribe.options import TranscribeOptions


class FakeTranscriber:
    """Says ``text`` (a character every 200 ms, as far as they fit) in every piece of a window."""

    text = "您好"

    def __init__(self, checkpoint: Path, options: TranscribeOptions) -> None:
        self._options = options

    @property
    def engine(self) -> Engine:
        return Engine("fake", "1", "none", None, self._options.language, self._options.record())

    @property
    def longest(self) -> int:
        return 28_000

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        for window in windows:
            words = [
                Word(char, Span(start, min(start + 200, piece.span.end)), 1.0)
                for piece in window.pieces
                for k, char in enumerate(self.text)
                if (start := piece.span.start + 200 * k) < piece.span.end
            ]
            yield window.id, tuple(words)


class ReplayTranscriber:
    """Gives back the timed words of earlier transcripts, by channel.

    Args:
        transcripts: call id (a window's id without channel and number) → transcript.
    """

    def __init__(self, transcripts: Mapping[str, Transcript]) -> None:
        self._words: dict[tuple[str, int], Sequence[Word]] = {}
        for call, transcript in transcripts.items():
            for turn in transcript.turns:
                words = self._words.setdefault((call, turn.channel or 0), [])
                self._words[call, turn.channel or 0] = [*words, *turn.words]

    @property
    def engine(self) -> Engine:
        return Engine("replay", "1", "none", None, "zh")

    @property
    def longest(self) -> int:
        return 28_000

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        for window in windows:
            known = self._words.get((window.id.rsplit(":", 2)[0], window.channel), ())
            yield window.id, tuple(
                w for piece in window.pieces for w in known
                if w.span and piece.span.start <= (w.span.start + w.span.end) // 2 < piece.span.end
            )
