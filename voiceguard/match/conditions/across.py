"""Near, after, before: pieces in several turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from voiceguard.match.conditions.chains import chains
from voiceguard.match.conditions.found import Found, Verdict, close, follows
from voiceguard.match.conditions.stream import Held, Rows, Stream, Waiting
from voiceguard.match.conditions.view import TurnView
from voiceguard.rules.conditions import Distance

#: Places of one part that are kept where the distance is the whole call.
_KEPT = 24


class NearStream(Waiting):
    """Pieces near each other, in whatever turns.

    Args:
        kids: the parts, then what no piece may be near to.
        wanted: how many of the kids are parts.
        waits: whether something of another party, or against it, can follow the evidence.
    """

    def __init__(
        self, kids: Sequence[Stream], wanted: int, within: Distance, ordered: bool, waits: bool
    ) -> None:
        self._reach = within
        if within.unit in ("turns", "ms"):
            self._reach = Distance(within.amount * max(1, len(kids) - 1), within.unit)
        super().__init__(kids, self._reach if waits else Distance(0, "turns"))
        self._wanted, self._within, self._ordered = wanted, within, ordered
        self._places: list[deque[Found]] = [deque() for _ in kids]

    def take(self, verdicts: list[Verdict]) -> None:
        for places, verdict in zip(self._places, verdicts, strict=True):
            places.extend(verdict or ())
            if self._within.unit == "call" and len(places) > _KEPT:
                del places[_KEPT // 2]  # the first ones and the last ones

    def judge(self, held: Held) -> Verdict:
        for places in self._places:
            while places and self._gone(places[0], held):
                places.popleft()
        if not any(held.verdicts[: self._wanted]):
            return None
        parts = self._places[: self._wanted]
        if not all(parts):
            return None
        against = [f for places in self._places[self._wanted :] for f in places]
        return chains(parts, against, self._within, self._ordered, held.turn) or None

    def _gone(self, found: Found, held: Held) -> bool:
        """Whether ``found`` is too old for ``held`` and all later turns."""
        if self._reach.unit == "call":
            return False
        if self._reach.unit == "chars":
            return found.turn < held.turn
        if self._reach.unit == "turns":
            return held.turn - found.turn > self._reach.amount
        if found.said is None or held.start is None:
            return found.turn < held.turn
        return held.start - found.said[1] > self._reach.amount


class AfterStream(Rows):
    """What is said after an anchor, which becomes context."""

    def __init__(self, part: Stream, anchor: Stream, within: Distance) -> None:
        super().__init__((part, anchor))
        self._within = within
        self._anchors: deque[Found] = deque(maxlen=_KEPT)

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        found, anchors = verdicts
        self._anchors.extend(anchors or ())
        if not found:
            return [None]
        out = []
        for place in found:
            anchor = next((a for a in reversed(self._anchors)
                           if follows(a, place) and close(a, place, self._within)), None)
            if anchor is not None:
                out.append(around(place, anchor))
        return [tuple(out) or None]


class BeforeStream(Waiting):
    """What is said before an anchor, which becomes context."""

    def __init__(self, part: Stream, anchor: Stream, within: Distance) -> None:
        super().__init__((part, anchor), within)
        self._within = within
        self._anchors: deque[Found] = deque(maxlen=_KEPT)

    def take(self, verdicts: list[Verdict]) -> None:
        self._anchors.extend(verdicts[1] or ())

    def judge(self, held: Held) -> Verdict:
        out = []
        for place in held.verdicts[0] or ():
            anchor = next((a for a in self._anchors
                           if follows(place, a) and close(place, a, self._within)), None)
            if anchor is not None:
                out.append(around(place, anchor))
        return tuple(out) or None


def around(place: Found, anchor: Found) -> Found:
    """``place`` with the turns of ``anchor`` as its context."""
    turns = {*place.context, *anchor.context, *(e.turn for e in anchor.evidence)}
    own = {e.turn for e in place.evidence}
    notes = tuple(dict.fromkeys([*place.notes, *anchor.notes]))
    return replace(place, context=tuple(sorted(turns - own)), notes=notes)
