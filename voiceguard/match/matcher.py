"""Rules over the turns of a call, turn by turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from voiceguard.domain import CallInfo, Match, Role, Transcript, Turn
from voiceguard.match.conditions import Compiler, Found, Past, TurnView
from voiceguard.match.conditions.compiling import Node
from voiceguard.match.conditions.found import Verdict
from voiceguard.match.conditions.instant import Instant, spoken_by
from voiceguard.match.conditions.stream import Factory
from voiceguard.match.hit import strongest
from voiceguard.match.patterns import Patterns
from voiceguard.rules import Rule
from voiceguard.rules import conditions as c


class Matcher:
    """Rules compiled once, for any number of calls, also several at a time (``open``).

    A rule that is meant for certain roles also holds where the turn's role is unknown; its match
    then says so (``role_assumed``).
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        known = list(rules)
        self._patterns = Patterns(
            leaf.text for rule in known for whole in (rule.heard, *rule.unless)
            for leaf in c.walk(whole) if isinstance(leaf, c.Pattern)
        )
        compiler = Compiler(self._patterns)
        self._rules = [(rule, _compiled(rule, compiler)) for rule in known]
        self._call: Listening | None = None

    def open(self, info: CallInfo | None = None, language: str = "zh") -> Listening:
        """A new call, of which this is known."""
        known = info or CallInfo()
        applying = [(r, node) for r, node in self._rules if r.applies(known, language)]
        return Listening(applying, self._patterns)

    def feed(self, turn: Turn, signals: Mapping[str, float] | None = None) -> list[Match]:
        """Matches that ``turn`` settles in the call that is under way; the first turn begins one.

        Args:
            signals: what classifiers say of the turn, name → 0 to 1.
        """
        if self._call is None:
            self._call = self.open()
        return self._call.feed(turn, signals)

    def finish(self) -> list[Match]:
        """Matches that only the end of the call settles; the next turn begins another call."""
        call, self._call = self._call, None
        return [] if call is None else call.finish()


class Listening:
    """One call under way."""

    def __init__(self, rules: Sequence[tuple[Rule, Node]], patterns: Patterns) -> None:
        self._patterns = patterns
        self._instant: list[tuple[Rule, Instant]] = []
        self._across: list[_Across] = []
        self._past = Past()
        for rule, node in rules:
            if callable(node):
                self._across.append(_Across(rule, node))
            else:
                self._instant.append((rule, node))

    def feed(self, turn: Turn, signals: Mapping[str, float] | None = None) -> list[Match]:
        """Matches that ``turn`` settles, those that it makes by itself first."""
        view, out = TurnView(turn, self._past, signals), []
        view.text.possible = self._patterns.possible(view.text)
        for rule, node in self._instant:
            if spoken_by(turn.role, rule.roles):
                out += _matches(rule, node.judge(view))
        for across in self._across:
            out += across.feed(view)
        self._past.add(view)
        return out

    def finish(self) -> list[Match]:
        """Matches that only the end of the call settles."""
        return [match for across in self._across for match in across.finish()]


class _Across:
    """A rule that looks across turns, at work on a call."""

    def __init__(self, rule: Rule, make: Factory) -> None:
        self._rule, self._stream = rule, make()

    def feed(self, view: TurnView) -> list[Match]:
        return [m for verdict in self._stream.feed(view) for m in _matches(self._rule, verdict)]

    def finish(self) -> list[Match]:
        return [m for verdict in self._stream.finish() for m in _matches(self._rule, verdict)]


def _compiled(rule: Rule, compiler: Compiler) -> Node:
    """All that a rule asks for as one condition: what is heard, where, and nothing against it."""
    whole: c.Condition = rule.heard
    if rule.scope != c.Scope():
        whole = c.Scoped(whole, rule.scope)
    for guard in rule.unless:
        if isinstance(guard, c.Beside):
            whole = c.Near((whole, c.Not(guard.part)), guard.within)
    plain = tuple(g for g in rule.unless if not isinstance(g, c.Beside))
    if plain:
        whole = c.All((whole, c.Not(c.Any(plain))))
    return compiler.compile(whole, rule.roles, rule.roles)


def _matches(rule: Rule, verdict: Verdict) -> list[Match]:
    """One match for all that a rule found in a turn; none where the flagged party said nothing."""
    if not verdict:
        return []
    own = [found for found in verdict if found.own]
    if len(own) > 1:  # so that of equals the same one is kept, in whatever order they came
        own.sort(key=lambda f: (f.place, -len(f.evidence), [e.chars for e in f.evidence]))
    kept = strongest(own)
    return [_match(rule, kept)] if kept else []


def _match(rule: Rule, kept: Sequence[Found]) -> Match:
    evidence = {e: None for found in kept for e in found.evidence}
    ordered = tuple(sorted(evidence, key=lambda e: (e.turn, e.chars)))
    turns = {e.turn for e in ordered}
    context = tuple(sorted({t for found in kept for t in found.context} - turns))
    role: Role = kept[-1].role
    whole = max((f for f in kept if f.whole), key=lambda f: f.score, default=None)
    notes = tuple(dict.fromkeys(n for found in kept for n in found.notes))
    return Match(
        rule.id, role, ordered, context, role == "unknown" and "unknown" not in rule.roles,
        None if whole is None else whole.how, None if whole is None else whole.score, notes,
    )


def match_transcript(matcher: Matcher, transcript: Transcript) -> tuple[Match, ...]:
    """All matches of a call, those that were settled first before the others."""
    call = matcher.open(transcript.info, transcript.language)
    found = [match for turn in transcript.turns for match in call.feed(turn)]
    return tuple(found + call.finish())
