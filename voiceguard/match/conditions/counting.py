"""How often, for the how-manieth time, in the last so much of the call, or never."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from voiceguard.match.conditions.found import Found, Verdict, close, joined
from voiceguard.match.conditions.stream import Held, Rows, Stream, Waiting
from voiceguard.match.conditions.view import TurnView
from voiceguard.rules.conditions import Distance

#: Turns that a new one is compared with to see whether it says the same again.
_REMEMBERED = 60


class NthStream(Rows):
    """The n-th time it is heard."""

    def __init__(self, part: Stream, n: int) -> None:
        super().__init__((part,))
        self._n, self._seen = n, 0

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        places = sorted(verdicts[0] or (), key=lambda f: f.place)
        before, self._seen = self._seen, self._seen + len(places)
        if before < self._n <= self._seen:
            return [(places[self._n - before - 1],)]
        return [None]


class LastStream(Rows):
    """The last time it is heard: known when the call has ended, or refuted by the next time."""

    def __init__(self, part: Stream) -> None:
        super().__init__((part,))
        self._found: Found | None = None
        self._waiting = 0

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        out: list[Verdict] = []
        if verdicts[0]:
            out = [None] * self._waiting
            self._found, self._waiting = max(verdicts[0], key=lambda f: f.place), 0
        elif self._found is None:
            return [None]
        self._waiting += 1
        return out

    def end(self) -> list[Verdict]:
        if self._found is None:
            return []
        return [(self._found,), *[None] * (self._waiting - 1)]


class CountStream(Rows):
    """Heard so many times within a distance; then the count begins anew."""

    def __init__(self, part: Stream, times: int, within: Distance) -> None:
        super().__init__((part,))
        self._times, self._within = times, within
        self._kept: deque[Found] = deque(maxlen=times)

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        out: list[Found] = []
        for place in sorted(verdicts[0] or (), key=lambda f: f.place):
            self._kept.append(place)
            while not close(self._kept[0], place, self._within):
                self._kept.popleft()
            if len(self._kept) == self._times:
                out.append(joined(tuple(self._kept), notes=(f"共说了{self._times}次",)))
                self._kept.clear()
        return [tuple(out) or None]


class RepeatedStream(Rows):
    """Turns in much the same words."""

    def __init__(self, part: Stream, times: int, similarity: float, within: Distance) -> None:
        super().__init__((part,))
        self._times, self._similarity, self._within = times, similarity, within
        self._kept: deque[tuple[str, Found]] = deque(maxlen=_REMEMBERED)

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        if not verdicts[0]:
            return [None]
        from rapidfuzz import fuzz

        key, place = view.text.sounds.key, verdicts[0][0]
        cutoff = 100 * self._similarity
        alike = [(k, f) for k, f in self._kept
                 if close(f, place, self._within) and fuzz.ratio(k, key, score_cutoff=cutoff)]
        if len(alike) + 1 < self._times:
            self._kept.append((key, place))
            return [None]
        used = alike[-(self._times - 1) :]
        self._kept = deque((kept for kept in self._kept if kept not in used), _REMEMBERED)
        note = f"相近的话说了{self._times}次"
        return [(joined([*(f for _, f in used), place], notes=(note,)),)]


class EndStream(Waiting):
    """Only what is said in the last so much of the call."""

    def __init__(self, part: Stream, last: Distance) -> None:
        super().__init__((part,), last)
        self._last, self._end, self._number = last, 0, 0
        self._over = False

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        self._number = view.number + 1
        if view.turn.span is not None:
            self._end = max(self._end, view.turn.span.end)
        return super().row(view, verdicts)

    def end(self) -> list[Verdict]:
        self._over = True
        return super().end()

    def judge(self, held: Held) -> Verdict:
        if not self._over or not held.verdicts[0]:
            return None  # a turn that is settled before the end is not among the last
        if self._last.unit == "turns":
            return held.verdicts[0] if self._number - held.number <= self._last.amount else None
        return tuple(
            f for f in held.verdicts[0] if f.said and self._end - f.said[0] <= self._last.amount
        ) or None


class OfCall(Rows):
    """Base of what is true of the call or not: holds for every turn, and is shown in one.

    Args:
        mark: an empty place in a turn of the flagged party; None for turns of others.
    """

    def __init__(
        self, kids: Sequence[Stream], mark: Callable[[TurnView], Found | None]
    ) -> None:
        super().__init__(kids)
        self._mark = mark
        self._waiting, self._at = 0, -1
        self.shown: Found | None = None
        self._settled: bool | None = None

    def wait(self, view: TurnView, show: bool) -> None:
        """One turn more that waits; where ``show``, the one to be shown so far."""
        mark = self._mark(view) if show else None
        if mark is not None:
            self.shown, self._at = mark, self._waiting
        self._waiting += 1

    def settle(self, holds: bool, notes: tuple[str, ...] = ()) -> list[Verdict]:
        """The verdicts of all that wait; what comes later gets ``later``."""
        out: list[Verdict] = [() if holds else None] * self._waiting
        if holds and self.shown is not None:
            out[self._at] = (joined([self.shown], notes=notes),)
        self._settled, self._waiting = holds, 0
        return out

    def later(self, view: TurnView, notes: tuple[str, ...] = ()) -> list[Verdict]:
        """The verdict of a turn after it was settled: shown here, if nowhere before."""
        if not self._settled:
            return [None]
        if self.shown is None:
            self.shown = self._mark(view)
            if self.shown is not None:
                return [(joined([self.shown], notes=notes),)]
        return [()]


class AbsentStream(OfCall):
    """Never said, or not in time; shown in the last turn in which it could have been in time."""

    def __init__(
        self, part: Stream, until: Distance, mark: Callable[[TurnView], Found | None], note: str
    ) -> None:
        super().__init__((part,), mark)
        self._until, self._notes = until, (note,)

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        if self._settled is not None:
            return self.later(view, self._notes)
        if self._until.unit == "ms" and view.turn.span is None:
            self.wait(view, False)
            return self.settle(False)  # without times nobody can tell whether it was late
        if self._late(view):
            return self.settle(True, self._notes) + self.later(view, self._notes)
        self.wait(view, True)
        in_time = [f for f in verdicts[0] or () if self._until.unit != "ms"
                   or (f.said and f.said[0] < self._until.amount)]
        return self.settle(False) if in_time else []

    def end(self) -> list[Verdict]:
        """A call that ended before it was due has not failed to say it."""
        if self._settled is not None:
            return []
        return self.settle(self._until.unit == "call", self._notes)

    def _late(self, view: TurnView) -> bool:
        if self._until.unit == "turns":
            return view.number >= self._until.amount
        span = view.turn.span
        return self._until.unit == "ms" and span is not None and span.start >= self._until.amount


class EndingStream(OfCall):
    """Something about the call's end."""

    def __init__(
        self, mark: Callable[[TurnView], Found | None],
        holds: Callable[[TurnView | None, int], bool],
    ) -> None:
        super().__init__((), mark)
        self._holds = holds
        self._last: TurnView | None = None
        self._end = 0

    def feed(self, view: TurnView) -> list[Verdict]:
        self.wait(view, True)
        self._last = view
        if view.turn.span is not None:
            self._end = max(self._end, view.turn.span.end)
        return []

    def end(self) -> list[Verdict]:
        return self.settle(self._holds(self._last, self._end))
