"""Conditions that one turn decides: what is heard in it, and how such verdicts combine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from voiceguard.domain import Role
from voiceguard.match.conditions.chains import chains
from voiceguard.match.conditions.found import Found, Verdict, best, heard, joined
from voiceguard.match.conditions.view import TurnView
from voiceguard.match.hit import Hit, TurnText
from voiceguard.rules.conditions import Distance, Scope


class Finder(Protocol):
    """Finds something in the words of a turn."""

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every place, in any order."""
        ...


class Instant(Protocol):
    """A condition that needs no other turn. It has no state, so calls can share it."""

    def judge(self, view: TurnView) -> Verdict:
        """The verdict for this turn."""
        ...


def spoken_by(role: Role, roles: frozenset[Role]) -> bool:
    """Whether a turn of ``role`` may be one of ``roles``; an unknown one may be anybody's."""
    return role in roles or role == "unknown"


class Heard:
    """Something found in the words of turns of certain roles."""

    def __init__(self, finder: Finder, roles: frozenset[Role], own: frozenset[Role]) -> None:
        self._finder, self._roles, self._own = finder, roles, own

    def judge(self, view: TurnView) -> Verdict:
        role = view.turn.role
        if role not in self._roles and role != "unknown":
            return None
        hits = list(self._finder.find(view.text))
        if not hits:
            return None
        own = spoken_by(role, self._own) if self._own else False
        return tuple(heard(view, hit, own) for hit in hits)


class Measured:
    """Something told of the turn as a whole."""

    def __init__(
        self, measure: Callable[[TurnView, bool], Found | None], roles: frozenset[Role],
        own: frozenset[Role],
    ) -> None:
        self._measure, self._roles, self._own = measure, roles, own

    def judge(self, view: TurnView) -> Verdict:
        role = view.turn.role
        if not spoken_by(role, self._roles):
            return None
        found = self._measure(view, spoken_by(role, self._own) if self._own else False)
        return None if found is None else (found,)


class AllOf:
    """All hold in this turn; the first that does not ends it."""

    def __init__(self, parts: Sequence[Instant]) -> None:
        self._parts = parts

    def judge(self, view: TurnView) -> Verdict:
        verdicts = []
        for part in self._parts:
            verdict = part.judge(view)
            if verdict is None:
                return None
            verdicts.append(verdict)
        return all_of(verdicts)


class AnyOf:
    """One holds in this turn, or more."""

    def __init__(self, parts: Sequence[Instant], n: int = 1) -> None:
        self._parts, self._n = parts, n

    def judge(self, view: TurnView) -> Verdict:
        return any_of([part.judge(view) for part in self._parts], self._n)


class NotIt:
    """It does not hold in this turn."""

    def __init__(self, part: Instant) -> None:
        self._part = part

    def judge(self, view: TurnView) -> Verdict:
        return () if self._part.judge(view) is None else None


class Once:
    """A condition that many rules name, judged once a turn."""

    def __init__(self, part: Instant) -> None:
        self._part = part

    def judge(self, view: TurnView) -> Verdict:
        key = id(self)
        if key not in view.memo:
            view.memo[key] = self._part.judge(view)
        return view.memo[key]  # type: ignore[return-value]


class Together:
    """Pieces near each other in one turn."""

    def __init__(
        self, parts: Sequence[Instant], against: Sequence[Instant], within: Distance, ordered: bool
    ) -> None:
        self._parts, self._against = parts, against
        self._within, self._ordered = within, ordered

    def judge(self, view: TurnView) -> Verdict:
        verdicts = []
        for part in self._parts:
            verdict = part.judge(view)
            if not verdict:
                return None
            verdicts.append(verdict)
        against = [f for part in self._against for f in part.judge(view) or ()]
        return chains(verdicts, against, self._within, self._ordered, view.turn.index) or None


class Inside:
    """Only what is said on a channel and at the call's beginning."""

    def __init__(self, part: Instant, scope: Scope) -> None:
        self._part, self._scope = part, scope

    def judge(self, view: TurnView) -> Verdict:
        return inside(view, self._part.judge(view), self._scope)


def inside(view: TurnView, verdict: Verdict, scope: Scope) -> Verdict:
    """What of a verdict lies on the channel and in the first seconds or turns of ``scope``."""
    if verdict is None or (scope.channel is not None and view.turn.channel != scope.channel):
        return None
    first = scope.first
    if first is None:
        return verdict
    if first.unit == "turns":
        return verdict if view.number < first.amount else None
    return tuple(f for f in verdict if f.said and f.said[0] < first.amount) or None


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Where all hold: the best place of each as one, or all places where only one was heard."""
    if any(v is None for v in verdicts):
        return None
    with_places = [v for v in verdicts if v]
    if len(with_places) < 2:
        return with_places[0] if with_places else ()
    return (joined([b for v in with_places if (b := best(v))]),)


def any_of(verdicts: Sequence[Verdict], n: int = 1) -> Verdict:
    """Where ``n`` of them hold: all places, as one where more than one is needed."""
    holding = [v for v in verdicts if v is not None]
    if len(holding) < n:
        return None
    if n > 1:
        return all_of(holding)
    return tuple(f for v in holding for f in v)
