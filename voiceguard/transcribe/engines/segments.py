"""Reading Whisper's tokens: text between timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: A timestamp token counts in steps of 20 ms.
STEP_MS = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """Text tokens with the time Whisper wrote beside them, in ms of the window."""

    start: int
    end: int
    tokens: tuple[int, ...]
    text: str


def segments(tokens: Sequence[int], tokenizer: Any, duration: int) -> list[Segment]:
    """Segments of one window, in order; times inside ``[0, duration]`` and never backwards."""
    out: list[Segment] = []
    held: list[int] = []
    start = 0

    def close(end: int) -> None:
        nonlocal start
        text = tokenizer.decode(held).strip()
        if text:
            out.append(Segment(start, max(start, end), tuple(held), text))
        held.clear()

    for token in tokens:
        if token >= tokenizer.timestamp_begin:
            at = min((token - tokenizer.timestamp_begin) * STEP_MS, duration)
            at = max(at, out[-1].end if out else 0)
            if held:
                close(at)
            start = max(at, out[-1].end if out else 0)
        elif token < tokenizer.eot:
            held.append(token)
    if held:
        close(duration)
    return out
