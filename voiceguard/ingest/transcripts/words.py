"""Words and times that hold together, whatever the system that wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voiceguard.domain import Span, Word

Times = tuple[int | None, int | None]


def aligned(text: str, words: Sequence[Word]) -> tuple[Word, ...] | None:
    """``words`` made to give ``text`` when joined; None where they are words of another text.

    Spaces and punctuation between words go to the word before (at the start, to the first);
    letters between them become a word whose time is not known.
    """
    if "".join(word.text for word in words) == text:
        return tuple(words)
    out: list[Word] = []
    at, lead = 0, ""
    for word in words:
        heard = word.text.strip()
        if not heard:
            continue
        found = text.find(heard, at)
        if found < 0:
            return None
        lead = _fill(out, text[at:found])
        out.append(replace(word, text=lead + heard))
        at = found + len(heard)
    if out:
        _fill(out, text[at:])
    return tuple(out)


def _fill(out: list[Word], gap: str) -> str:
    """Put ``gap`` behind the words so far, or return it for the first word to begin with."""
    if any(char.isalnum() for char in gap):
        out.append(Word(gap))
    elif out:
        out[-1] = replace(out[-1], text=out[-1].text + gap)
    else:
        return gap
    return ""


def spans(times: Sequence[Times]) -> tuple[tuple[Span | None, ...], int, int]:
    """Spans of turns from starts and ends (ms) of which some are missing; no end before its start.

    A turn without an end lasts until the next known start, and is empty where that is not later.

    Returns:
        The spans, how many ends were taken from the next turn, how many had an end but no start.
    """
    out: list[Span | None] = []
    following: int | None = None
    assumed = lost = 0
    for start, end in reversed(times):
        if start is None:
            lost += end is not None
            out.append(None)
            continue
        if end is None:
            assumed += 1
            end = start if following is None else max(start, following)
        out.append(Span(start, end))
        following = start
    return tuple(reversed(out)), assumed, lost
