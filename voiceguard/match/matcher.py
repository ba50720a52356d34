"""Rules over the turns of a call, turn by turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from voiceguard.domain import Evidence, Match, Span, Transcript, Turn
from voiceguard.match.hit import Hit, TurnText, strongest
from voiceguard.match.patterns import PatternFinder, Patterns
from voiceguard.match.phrases import PhraseFinder
from voiceguard.rules import Pattern, Phrase, Rule


class _Conditions:
    """Conditions of which one must hold."""

    def __init__(self, conditions: Iterable[Phrase | Pattern], patterns: Patterns) -> None:
        self._phrases: list[PhraseFinder] = []
        self._patterns: dict[str, PatternFinder] = {}
        for condition in conditions:
            if isinstance(condition, Phrase):
                self._phrases.append(PhraseFinder(condition))
            else:
                self._patterns[condition.text] = patterns.finder(condition.text)

    def find(self, turn: TurnText, possible: Set[str]) -> Iterator[Hit]:
        """Hits in no particular order; of the patterns only the ``possible`` are tried."""
        for phrase in self._phrases:
            yield from phrase.find(turn)
        for text in self._patterns.keys() & possible:
            yield from self._patterns[text].find(turn)


class _Compiled:
    """One rule, ready to be looked for."""

    def __init__(self, rule: Rule, patterns: Patterns) -> None:
        self.rule = rule
        self._any = _Conditions(rule.any, patterns)
        self._unless = _Conditions(rule.unless, patterns)

    def hits(self, turn: TurnText, possible: Set[str]) -> tuple[Hit, ...]:
        """Evidence in ``turn``; empty where the rule does not hold."""
        found = strongest(self._any.find(turn, possible))
        if found and any(True for _ in self._unless.find(turn, possible)):
            return ()
        return found


class Matcher:
    """Rules compiled once, for any number of calls; a call is fed turn by turn.

    A rule that is meant for certain roles also holds where the turn's role is unknown; its match
    then says so (``role_assumed``).
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        known = list(rules)
        self._patterns = Patterns(
            c.text for rule in known for c in (*rule.any, *rule.unless) if isinstance(c, Pattern)
        )
        self._rules = [_Compiled(rule, self._patterns) for rule in known]

    def feed(self, turn: Turn) -> list[Match]:
        """Matches that ``turn`` completes, in order of the rules."""
        text, out = TurnText(turn.text), []
        possible = self._patterns.possible(text)
        for compiled in self._rules:
            rule = compiled.rule
            assumed = turn.role == "unknown" and "unknown" not in rule.roles
            if turn.role not in rule.roles and not assumed:
                continue
            hits = compiled.hits(text, possible)
            if hits:
                evidence = tuple(_evidence(turn, text, hit) for hit in hits)
                out.append(Match(rule.id, turn.role, evidence, role_assumed=assumed))
        return out

    def finish(self) -> list[Match]:
        """Matches that only the end of the call completes: none, while every rule sees one turn."""
        return []


def match_transcript(matcher: Matcher, transcript: Transcript) -> tuple[Match, ...]:
    """All matches of a call, in order of its turns."""
    found = [match for turn in transcript.turns for match in matcher.feed(turn)]
    return tuple(found + matcher.finish())


def _evidence(turn: Turn, text: TurnText, hit: Hit) -> Evidence:
    a, b = text.normalised.chars(hit.start, hit.end)
    return Evidence(
        turn.index, (a, b), turn.text[a:b], hit.wanted, hit.how, hit.score, span_of(turn, a, b)
    )


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
