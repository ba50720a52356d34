"""A turn as conditions see it: its text, its time, and what went before in the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voiceguard.domain import Role, Span, Turn
from voiceguard.match.hit import TurnText


@dataclass(slots=True)
class Mean:
    """A running mean."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """One value more."""
        self.total += value
        self.count += 1

    @property
    def value(self) -> float | None:
        """None where nothing was added."""
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class Past:
    """What is kept of the turns so far, for measures that compare a turn with what went before.

    Attributes:
        number: of the next turn, from 0.
        end: of everything so far, in ms; None without times.
        by_other: role of the last turn and its end, in ms.
        rates, levels: means by party: characters a second, dBFS.
        run: role that holds the floor, and since when, in ms.
    """

    number: int = 0
    end: int | None = None
    last: tuple[Role, int] | None = None
    rates: dict[Role, Mean] = field(default_factory=dict)
    levels: dict[Role, Mean] = field(default_factory=dict)
    run: tuple[Role, int] | None = None

    def add(self, view: TurnView) -> None:
        """Take ``view`` over as past."""
        turn, self.number = view.turn, self.number + 1
        if turn.level_db is not None:
            self.levels.setdefault(turn.role, Mean()).add(turn.level_db)
        if turn.span is None:
            return
        rate = view.rate
        if rate is not None:
            self.rates.setdefault(turn.role, Mean()).add(rate)
        if self.run is None or self.run[0] != turn.role:
            self.run = turn.role, turn.span.start
        self.end = max(self.end or 0, turn.span.end)
        self.last = turn.role, turn.span.end


class TurnView:
    """One turn of a call being judged.

    Attributes:
        number: position in the call, from 0.
        signals: what classifiers said of the turn, name → 0 to 1.
    """

    #: Turns of fewer characters say nothing about how fast somebody speaks.
    _SPOKEN = 6

    def __init__(self, turn: Turn, past: Past, signals: Mapping[str, float] | None = None) -> None:
        self.turn, self.text = turn, TurnText(turn.text)
        self.past, self.number = past, past.number
        self.signals = signals or {}
        self.memo: dict[int, object] = {}

    @property
    def rate(self) -> float | None:
        """Characters a second; None where the turn is short or without times."""
        span, size = self.turn.span, len(self.text.normalised.text)
        if span is None or span.duration < 500 or size < self._SPOKEN:
            return None
        return size * 1000 / span.duration

    def said(self, a: int, b: int) -> tuple[int, int] | None:
        """When ``turn.text[a:b]`` was said, in ms: from the words, else by its place in the turn.

        Without word times the place in the text is a fair guess of the place in time; the turn's
        own start would put the end of a long turn where it was not said.
        """
        known = span_of(self.turn, a, b)
        whole = self.turn.span
        if known is None or whole is None:
            return None if known is None else (known.start, known.end)
        if known != whole or not self.turn.text:
            return known.start, known.end
        size = len(self.turn.text)
        return (whole.start + whole.duration * a // size, whole.start + whole.duration * b // size)


def span_of(turn: Turn, a: int, b: int) -> Span | None:
    """When ``turn.text[a:b]`` was said: from its words, else the turn's own span."""
    at, spans = 0, []
    for word in turn.words:
        if at < b and at + len(word.text) > a and word.span is not None:
            spans.append(word.span)
        at += len(word.text)
    if not spans or at != len(turn.text):
        return turn.span
    return Span(min(s.start for s in spans), max(s.end for s in spans))
