"""A stretch of time within a call, in whole milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open interval ``[start, end)`` in milliseconds, ``0 <= start <= end``.

    Raises:
        ValueError: where start is negative or after end.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < self.start:
            raise ValueError(f"not a span: {self.start}..{self.end} ms")

    @property
    def duration(self) -> int:
        """Length in milliseconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> int:
        """Milliseconds shared with ``other``; 0 where they do not touch."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def gap(self, other: Span) -> int:
        """Milliseconds between the two; 0 where they touch or overlap."""
        return max(0, max(self.start, other.start) - min(self.end, other.end))

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def clamp(self, inside: Span) -> Span:
        """This span cut to ``inside``; empty at the nearer edge where they are apart."""
        start = min(max(self.start, inside.start), inside.end)
        return Span(start, min(max(self.end, start), inside.end))

    @classmethod
    def from_seconds(cls, start: float, end: float) -> Span:
        """A span from seconds, rounded to milliseconds."""
        return cls(round(start * 1000), round(end * 1000))


def covered(spans: Iterable[Span]) -> int:
    """Milliseconds that the union of ``spans`` covers."""
    total, reach = 0, 0
    for span in sorted(spans):
        total += max(0, span.end - max(span.start, reach))
        reach = max(reach, span.end)
    return total
