"""From what an engine heard in a window to words with times in the recording.

Words come in order, none before the one before it ends, and each inside its piece of the window.
"""

from __future__ import annotations

from typing import Any

from voiceguard.domain import Span, Window, Word
from voiceguard.transcribe.engines.alignment import TokenTime
from voiceguard.transcribe.engines.confidence import Confidence
from voiceguard.transcribe.engines.segments import Segment
from voiceguard.transcribe.engines.timing import Timed, lay, sounding, syllables


def token_words(
    tokenizer: Any, window: Window, times: list[TokenTime], confidence: Confidence
) -> tuple[Word, ...]:
    """Characters (words, in spaced languages) with times in the recording, in order.

    Args:
        confidence: what the probability of a word is worth.
    """
    if not times:
        return ()
    texts, groups = tokenizer.split_to_word_tokens([t.token for t in times])
    tokens = iter(times)
    parts = [[next(tokens) for _ in group] for group in groups]
    spans = lay([Timed(syllables(text), part[0].start, part[-1].end)
                 for text, part in zip(texts, parts, strict=True)], sounding(window))
    out: list[Word] = []
    piece = 0
    for text, part, (start, end) in zip(texts, parts, spans, strict=True):
        if out and not syllables(text):
            last = out[-1]
            out[-1] = Word(last.text + text, last.span, last.confidence)
            continue
        piece = max(piece, window.piece_at((start + end) / 2))
        a = window.in_recording(start, piece)
        if out and out[-1].span:
            a = max(a, out[-1].span.end)
        b = max(a, window.in_recording(end, piece))
        sure = confidence.of(sum(t.probability for t in part) / len(part))
        out.append(Word(text, Span(a, b), round(sure, 3)))
    return tuple(out)


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
