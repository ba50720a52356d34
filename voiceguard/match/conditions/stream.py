"""Conditions that look across turns: a verdict for every turn, in order, some turns later.

A stream gets the turns of one call one by one and gives one verdict for each, as soon as nothing
still to come can change it. So a live call and a whole one are the same work, and what is kept is
what the windows of the conditions can still need.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from voiceguard.match.conditions.found import Verdict
from voiceguard.match.conditions.instant import Instant, inside
from voiceguard.match.conditions.view import TurnView
from voiceguard.rules.conditions import Distance, Scope


class Stream(Protocol):
    """A condition at work on one call."""

    def feed(self, view: TurnView) -> list[Verdict]:
        """Verdicts that are now settled, for the oldest turns without one."""
        ...

    def finish(self) -> list[Verdict]:
        """Verdicts for all turns that are left."""
        ...


#: Makes a stream for a new call.
Factory = Callable[[], Stream]


class Lift:
    """A condition that one turn decides, among streams."""

    def __init__(self, part: Instant) -> None:
        self._part = part

    def feed(self, view: TurnView) -> list[Verdict]:
        return [self._part.judge(view)]

    def finish(self) -> list[Verdict]:
        return []


class Rows:
    """Base of what is made of other streams: gets their verdicts for a turn together."""

    def __init__(self, kids: Sequence[Stream]) -> None:
        self._kids = kids
        self._ready: list[deque[Verdict]] = [deque() for _ in kids]
        self._views: deque[TurnView] = deque()

    def feed(self, view: TurnView) -> list[Verdict]:
        self._views.append(view)
        for kid, ready in zip(self._kids, self._ready, strict=True):
            ready.extend(kid.feed(view))
        return self._rows()

    def finish(self) -> list[Verdict]:
        for kid, ready in zip(self._kids, self._ready, strict=True):
            ready.extend(kid.finish())
        return self._rows() + self.end()

    def _rows(self) -> list[Verdict]:
        out: list[Verdict] = []
        while self._views and all(self._ready):
            out += self.row(self._views.popleft(), [r.popleft() for r in self._ready])
        return out

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        """What is settled once the parts' verdicts for ``view`` are known."""
        raise NotImplementedError

    def end(self) -> list[Verdict]:
        """What the end of the call settles."""
        return []


class Combined(Rows):
    """``all``, ``any``, ``not`` … over streams: the verdicts of a turn make its verdict."""

    def __init__(
        self, kids: Sequence[Stream], combine: Callable[[Sequence[Verdict]], Verdict]
    ) -> None:
        super().__init__(kids)
        self._combine = combine

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        return [self._combine(verdicts)]


@dataclass(slots=True)
class Held:
    """A turn whose verdict waits for others: its place and time, and what was found in it."""

    turn: int
    number: int
    start: int | None
    end: int | None
    verdicts: list[Verdict]


class Waiting(Rows):
    """Base of what must see so far ahead before it can judge a turn."""

    def __init__(self, kids: Sequence[Stream], ahead: Distance) -> None:
        super().__init__(kids)
        self._ahead, self.held = ahead, deque[Held]()

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        span = view.turn.span
        start, end = (None, None) if span is None else (span.start, span.end)
        self.take(verdicts)
        self.held.append(Held(view.turn.index, view.number, start, end, verdicts))
        out: list[Verdict] = []
        while self.held and self._settled(self.held[0], view):
            out.append(self.judge(self.held.popleft()))
        return out

    def end(self) -> list[Verdict]:
        out = [self.judge(held) for held in self.held]
        self.held.clear()
        return out

    def _settled(self, held: Held, now: TurnView) -> bool:
        ahead = self._ahead
        if ahead.unit == "call":
            return False
        if ahead.unit == "chars":
            return True
        if ahead.unit == "turns":
            return now.turn.index - held.turn >= ahead.amount
        span = now.turn.span
        # Without times nothing that is measured in time can still come.
        return span is None or held.end is None or span.start - held.end > ahead.amount

    def take(self, verdicts: list[Verdict]) -> None:
        """Note what a new turn holds, before older turns are judged."""

    def judge(self, held: Held) -> Verdict:
        """The verdict of a turn, everything within reach being known."""
        raise NotImplementedError


class Filtered(Rows):
    """Only what is said on a channel and at the call's beginning, of what looks across turns."""

    def __init__(self, part: Stream, scope: Scope) -> None:
        super().__init__((part,))
        self._scope = scope

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        return [inside(view, verdicts[0], self._scope)]
