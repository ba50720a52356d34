"""Where a condition was met: evidence of the flagged party, and the turns around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from voiceguard.domain import Evidence, How, Role
from voiceguard.match.conditions.view import TurnView, span_of
from voiceguard.match.hit import Hit
from voiceguard.rules.conditions import Distance


@dataclass(frozen=True, slots=True)
class Found:
    """A place in which a condition holds.

    Attributes:
        turn: index of the turn in which it counts: the last one with evidence of the flagged party.
        start, end: in that turn's normalised text.
        said: in ms, None without times.
        role: of that turn.
        evidence: what the flagged party said; empty where only others spoke.
        context: indices of turns of others.
        how, score, wanted: of the whole.
        whole: it is made of several pieces, or of none that was said.
        notes: for the explanation, in Chinese.
    """

    turn: int
    start: int
    end: int
    said: tuple[int, int] | None
    role: Role
    evidence: tuple[Evidence, ...]
    context: tuple[int, ...]
    how: How
    score: float
    wanted: str
    whole: bool = False
    notes: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether the flagged party said any of it."""
        return bool(self.evidence)

    @property
    def place(self) -> tuple[int, int, int]:
        """For sorting by place in the call."""
        return self.turn, self.start, self.end


#: None where a condition does not hold for a turn; else where, empty where nothing was to be heard.
Verdict = tuple[Found, ...] | None


def heard(view: TurnView, hit: Hit, own: bool) -> Found:
    """A hit in a turn; of the flagged party's turns it is evidence, of others' context."""
    turn = view.turn
    a, b = view.text.normalised.chars(hit.start, hit.end)
    evidence = Evidence(
        turn.index, (a, b), turn.text[a:b], hit.wanted, hit.how, hit.score, span_of(turn, a, b)
    )
    return Found(
        turn.index, hit.start, hit.end, view.said(a, b), turn.role, (evidence,) if own else (),
        () if own else (turn.index,), hit.how, hit.score, hit.wanted,
    )


def whole_turn(view: TurnView, own: bool, how: How, score: float, wanted: str,
               note: str = "") -> Found:
    """All of a turn, for what is not about its words."""
    turn, size = view.turn, len(view.text.normalised.text)
    span = turn.span
    text = "" if how == "absence" else turn.text
    evidence = Evidence(turn.index, (0, len(text)), text, wanted, how, score, span)
    return Found(
        turn.index, 0, size, None if span is None else (span.start, span.end), turn.role,
        (evidence,) if own else (), () if own else (turn.index,), how, score, wanted, True,
        (note,) if note else (),
    )


def joined(parts: Sequence[Found], how: How | None = None, notes: tuple[str, ...] = (),
           score: float | None = None) -> Found:
    """Several places as one, which counts in the last turn with evidence."""
    if len(parts) == 1 and how is None and not notes and score is None:
        return parts[0]
    last = max((p for p in parts if p.own), key=lambda p: p.place,
               default=max(parts, key=lambda p: p.place))
    evidence = {e: None for p in parts for e in p.evidence}
    ordered = tuple(sorted(evidence, key=lambda e: (e.turn, e.chars)))
    context = tuple(sorted({t for p in parts for t in p.context}))
    weakest = min(parts, key=lambda p: p.score)
    return replace(
        last, evidence=ordered, context=context, how=how or weakest.how, whole=True,
        score=round(sum(p.score for p in parts) / len(parts), 3) if score is None else score,
        notes=tuple(dict.fromkeys([*(n for p in parts for n in p.notes), *notes])),
    )


def gap(a: Found, b: Found, unit: str) -> int | None:
    """How far ``b`` is from ``a`` in ``unit``; 0 where they touch, None where that is not known."""
    if unit == "turns":
        return abs(a.turn - b.turn)
    if unit == "chars":
        if a.turn != b.turn:
            return None
        return max(0, max(a.start, b.start) - min(a.end, b.end))
    if a.said is None or b.said is None:
        return None
    return max(0, max(a.said[0], b.said[0]) - min(a.said[1], b.said[1]))


def close(a: Found, b: Found, within: Distance) -> bool:
    """Whether two places are no further apart than ``within``."""
    if within.unit == "call":
        return True
    apart = gap(a, b, within.unit)
    return apart is not None and apart <= within.amount


def follows(a: Found, b: Found) -> bool:
    """Whether ``b`` begins where ``a`` has ended, or later."""
    return a.turn < b.turn or (a.turn == b.turn and a.end <= b.start)


def best(found: Iterable[Found]) -> Found | None:
    """The strongest; the first of equals. None of none."""
    return max(found, key=lambda f: (f.score, -f.turn, -f.start, len(f.evidence)), default=None)
