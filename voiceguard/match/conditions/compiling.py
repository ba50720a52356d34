"""From conditions as values to conditions at work.

``Not`` is pushed inwards first (De Morgan), so that what is not negated twice over keeps its
evidence and only single conditions are ever negated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from voiceguard.domain import ROLES, Role
from voiceguard.match.conditions import across, counting, instant, stream
from voiceguard.match.conditions.acoustic import acoustic, ends, signal
from voiceguard.match.conditions.finders import finder
from voiceguard.match.conditions.found import Found, Verdict, whole_turn
from voiceguard.match.conditions.instant import Instant, spoken_by
from voiceguard.match.conditions.scripts import ScriptStream
from voiceguard.match.conditions.stream import Factory, Lift, Stream
from voiceguard.match.conditions.view import TurnView
from voiceguard.match.patterns import Patterns
from voiceguard.rules import conditions as c

#: What one turn decides, or a maker of what looks across turns.
Node = Instant | Factory
_ALL_ROLES = frozenset(ROLES)
_SHORTEST = 6


def straight(condition: c.Condition, negated: bool = False) -> c.Condition:
    """The same condition with ``Not`` only on single conditions."""
    match condition:
        case c.Not():
            return straight(condition.part, not negated)
        case c.Named() if not negated:
            return c.Named(condition.name, straight(condition.part))
        case c.Named() | c.Expression():
            return straight(condition.part, negated)
        case c.All() if negated:
            return c.Any(tuple(straight(p, True) for p in condition.parts))
        case c.Any() if negated:
            return c.All(tuple(straight(p, True) for p in condition.parts))
        case c.AtLeast() if negated:
            n = len(condition.parts) - condition.n + 1
            return c.AtLeast(n, tuple(straight(p, True) for p in condition.parts))
        case c.All():
            return c.All(tuple(straight(p) for p in condition.parts))
        case c.Any():
            return c.Any(tuple(straight(p) for p in condition.parts))
        case c.AtLeast():
            return c.AtLeast(condition.n, tuple(straight(p) for p in condition.parts))
        case _:
            return c.Not(condition) if negated else condition


class Compiler:
    """Compiles the conditions of rules; what several rules name alike is judged once a turn.

    Args:
        patterns: all that stand in those rules.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._named: dict[tuple[object, ...], Node] = {}

    def compile(
        self, condition: c.Condition, roles: frozenset[Role], own: frozenset[Role]
    ) -> Node:
        """A condition at work.

        Args:
            roles: who says it, where the condition itself does not say.
            own: the flagged party, whose words are evidence.
        """
        return self._made(straight(condition), roles, own)

    def _made(self, it: c.Condition, roles: frozenset[Role], own: frozenset[Role]) -> Node:
        match it:
            case c.Phrase() | c.Wording() | c.Pattern() | c.Number() | c.Entity() | c.Like():
                return instant.Heard(finder(it, self._patterns), roles, own)
            case c.Acoustic():
                return instant.Measured(acoustic(it), roles, own)
            case c.Signal():
                return instant.Measured(signal(it), roles, own)
            case c.Named():
                return self._shared(it, roles, own)
            case c.Expression():
                return self._made(straight(it.part), roles, own)
            case c.All() | c.Any() | c.AtLeast() | c.Not():
                return self._boolean(it, roles, own)
            case c.Near():
                return self._near(it, roles, own)
            case c.Scoped():
                return self._scoped(it, roles, own)
            case c.Beside():
                raise TypeError("Beside stands only among what speaks against a rule")
            case _:
                return self._across(it, roles, own)

    def _shared(self, it: c.Named, roles: frozenset[Role], own: frozenset[Role]) -> Node:
        key = (it, roles, own)
        if key not in self._named:
            made = self._made(it.part, roles, own)
            self._named[key] = made if callable(made) else instant.Once(made)
        return self._named[key]

    def _boolean(
        self, it: c.All | c.Any | c.AtLeast | c.Not, roles: frozenset[Role], own: frozenset[Role]
    ) -> Node:
        nodes = [self.compile(p, roles, own) for p in c.children(it)]
        if (instants := _instants(nodes)) is not None:
            if isinstance(it, c.Not):
                return instant.NotIt(instants[0])
            if isinstance(it, c.All):
                return instant.AllOf(instants)
            return instant.AnyOf(instants, it.n if isinstance(it, c.AtLeast) else 1)
        combine: Callable[..., Verdict]
        match it:
            case c.Not():
                def combine(verdicts: Sequence[Verdict]) -> Verdict:
                    return () if verdicts[0] is None else None
            case c.All():
                combine = instant.all_of
            case c.Any():
                combine = instant.any_of
            case c.AtLeast():
                combine = partial(instant.any_of, n=it.n)
        return lambda: stream.Combined(_streams(nodes), combine)

    def _near(self, it: c.Near, roles: frozenset[Role], own: frozenset[Role]) -> Node:
        # What says only what must not be heard speaks against the other pieces, if it is near.
        parts = [straight(p) for p in it.parts if c.gives_evidence(p)]
        silent = [straight(p, True) for p in it.parts if not c.gives_evidence(p)]
        wanted = [self._made(p, roles, own) for p in parts]
        against = [self._made(p, roles, own) for p in silent]
        within, ordered = it.within, it.ordered
        nodes = [*wanted, *against]
        same_turn = within.unit == "chars" or within == c.SAME_TURN
        if same_turn and (instants := _instants(nodes)) is not None:
            n = len(wanted)
            return instant.Together(instants[:n], instants[n:], within, ordered)
        others = any(isinstance(p, c.Scoped) and p.scope.roles - own
                     for part in it.parts for p in c.walk(part))
        waits = bool(against) or others or not (roles <= own)
        return lambda: across.NearStream(_streams(nodes), len(wanted), within, ordered, waits)

    def _scoped(self, it: c.Scoped, roles: frozenset[Role], own: frozenset[Role]) -> Node:
        scope = it.scope
        made = self.compile(it.part, scope.roles or roles, own)
        first = scope.first
        if scope.channel is not None or first is not None:
            made = _inside(made, c.Scope(channel=scope.channel, first=first))
        if scope.last is not None:
            node, last = made, scope.last
            return lambda: counting.EndStream(_stream(node), last)
        return made

    def _across(self, it: c.Condition, roles: frozenset[Role], own: frozenset[Role]) -> Node:
        compile_ = partial(self.compile, roles=roles, own=own)
        mark = partial(_mark, own=own)
        match it:
            case c.After() | c.Before():
                part = compile_(it.part)
                others = (_ALL_ROLES - own - {"unknown"}) or _ALL_ROLES
                anchor = self.compile(it.anchor, others, frozenset())
                make = across.AfterStream if isinstance(it, c.After) else across.BeforeStream
                within = it.within
                return lambda: make(_stream(part), _stream(anchor), within)
            case c.Nth():
                part, n = compile_(it.part), it.n
                if n < 0:
                    return lambda: counting.LastStream(_stream(part))
                return lambda: counting.NthStream(_stream(part), n)
            case c.Count():
                part, times, within = compile_(it.part), it.times, it.within
                return lambda: counting.CountStream(_stream(part), times, within)
            case c.Repeated():
                node = compile_(it.part) if it.part else instant.Measured(_anything, roles, own)
                repeated = it
                return lambda: counting.RepeatedStream(
                    _stream(node), repeated.times, repeated.similarity, repeated.within
                )
            case c.Absent():
                part, until, note = compile_(it.part), it.until, _absence(it)
                missed = partial(mark, wanted=_wordings(it.part))
                return lambda: counting.AbsentStream(_stream(part), until, missed, note)
            case c.Ending():
                holds = ends(it)
                shown = partial(mark, wanted=_ENDING[it.kind], how="acoustic")
                return lambda: counting.EndingStream(shown, holds)
            case c.Script():
                steps, script = [compile_(s.part) for s in it.steps], it
                return lambda: ScriptStream(_streams(steps), script, mark)
            case _:
                raise TypeError(type(it).__name__)


_ENDING = {"length": "通话时长", "turns": "通话句数", "speaker": "最后说话的人"}


def _mark(
    view: TurnView, own: frozenset[Role], wanted: str = "未说", how: str = "absence"
) -> Found | None:
    """A turn of the flagged party to show something by that was not said, or not in words."""
    if not own or not spoken_by(view.turn.role, own):
        return None
    return whole_turn(view, True, "acoustic" if how == "acoustic" else "absence", 1.0, wanted)


def _absence(it: c.Absent) -> str:
    by = {
        "call": "整通电话", "ms": f"开头{it.until.amount / 1000:g}秒内",
        "turns": f"开头{it.until.amount}句内", "chars": "",
    }[it.until.unit]
    return f"{by}没有说“{_wordings(it.part)}”"


def _wordings(part: c.Condition) -> str:
    """The first phrases of a condition, to name it by."""
    texts = [p.text for p in c.walk(part) if isinstance(p, c.Phrase | c.Wording)]
    return "、".join(texts[:3]) + ("等" if len(texts) > 3 else "") or "应说的话"


def _anything(view: TurnView, own: bool) -> Found | None:
    if len(view.text.normalised.text) < _SHORTEST:
        return None
    return whole_turn(view, own, "fuzzy", 1.0, "重复的话")


def _inside(node: Node, scope: c.Scope) -> Node:
    if not callable(node):
        return instant.Inside(node, scope)
    factory = node

    def made() -> Stream:
        return stream.Filtered(factory(), scope)

    return made


def _instants(nodes: Sequence[Node]) -> list[Instant] | None:
    """The nodes, where one turn decides all of them."""
    kept = [node for node in nodes if not callable(node)]
    return kept if len(kept) == len(nodes) else None


def _stream(node: Node) -> Stream:
    return node() if callable(node) else Lift(node)


def _streams(nodes: Sequence[Node]) -> list[Stream]:
    return [_stream(node) for node in nodes]
