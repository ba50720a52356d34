"""From what an engine heard in a window to words with times in the recording.

Words come in order, none before the one before it ends, and each inside its piece of the window.
"""

from __future__ import annotations

from typing import Any

from voiceguard.domain import Span, Window, Word
from voiceguard.transcribe.engines.alignment import TokenTime
from voiceguard.transcribe.engines.segments import Segment


def token_words(tokenizer: Any, window: Window, times: list[TokenTime]) -> tuple[Word, ...]:
    """Characters (words, in spaced languages) with times in the recording, in order."""
    if not times:
        return ()
    texts, groups = tokenizer.split_to_word_tokens([t.token for t in times])
    out: list[Word] = []
    at, piece = 0, 0
    for text, group in zip(texts, groups, strict=True):
        mine = times[at : at + len(group)]
        at += len(group)
        start, end = mine[0].start, mine[-1].end
        piece = max(piece, window.piece_at((start + end) / 2))
        a = window.in_recording(start, piece)
        if out and out[-1].span:
            a = max(a, out[-1].span.end)
        b = max(a, window.in_recording(end, piece))
        confidence = sum(t.probability for t in mine) / len(mine)
        if out and not _sounds(text):
            last = out[-1]
            out[-1] = Word(last.text + text, last.span, last.confidence)
        else:
            out.append(Word(text, Span(a, b), round(confidence, 3)))
    return tuple(out)


def _sounds(text: str) -> bool:
    return any(c.isalnum() for c in text)


def segment_words(window: Window, spoken: list[Segment]) -> tuple[Word, ...]:
    """A "word" for each timed segment, where word times are not wanted."""
    out: list[Word] = []
    piece = 0
    for segment in spoken:
        piece = max(piece, window.piece_at((segment.start + segment.end) / 2))
        a = window.in_recording(segment.start, piece)
        if out and out[-1].span:
            a = max(a, out[-1].span.end)
        b = max(a, window.in_recording(segment.end, piece))
        out.append(Word(segment.text, Span(a, b)))
    return tuple(out)
