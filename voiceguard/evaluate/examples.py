"""Running every rule and every shared condition on its own examples.

An example is one turn, or a dialogue of several lines::

    坐席：是有人教您这么说的吗？
    12.5s 客户：对，群里的老师教的。

A line may begin with its time in seconds and with who says it; without a role it is the party that
the rule flags.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from voiceguard.domain import ROLES, Role, Span, Turn
from voiceguard.evaluate.noise import garble
from voiceguard.match import Matcher
from voiceguard.rules import Guard, Rule
from voiceguard.rules.rule import About

_LINE = re.compile(
    r"(?:(?P<at>\d{1,5}(?:\.\d+)?)s\s*)?"
    r"(?:(?P<role>agent|customer|third_party|unknown|坐席|客户|第三方|不明)\s*[:：]\s*)?(?P<text>.*)"
)
_ROLES: dict[str, Role] = {
    "坐席": "agent", "客户": "customer", "第三方": "third_party", "不明": "unknown",
    **{role: role for role in ROLES},
}
#: Milliseconds that a character takes where an example gives times.
_PACE = 200


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that came out wrong: ``expected`` is ``hit`` or ``miss``."""

    rule: str
    expected: str
    text: str
    file: str
    line: int


def dialogue(text: str, role: Role) -> tuple[Turn, ...]:
    """The turns of an example; ``role`` says those that name nobody."""
    turns: list[Turn] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.fullmatch(line)
        assert match is not None  # every part is optional
        said = match["text"]
        span = None
        if match["at"] is not None:
            start = round(float(match["at"]) * 1000)
            span = Span(start, start + max(1, len(said)) * _PACE)
        who = _ROLES[match["role"]] if match["role"] else role
        turns.append(Turn(len(turns), said, who, span=span))
    return tuple(turns)


def check_examples(
    rules: Iterable[Rule], guards: Iterable[Guard] = ()
) -> tuple[ExampleFailure, ...]:
    """Examples that their own rule or condition does not treat as written, in order."""
    out = []
    for rule in [*rules, *map(_as_rule, guards)]:
        matcher, role = _matcher(rule), min(rule.roles)
        for expected, texts in (("hit", rule.hits), ("miss", rule.misses)):
            for text in texts:
                if _flagged(matcher, dialogue(text, role)) != (expected == "hit"):
                    out.append(ExampleFailure(rule.id, expected, text, rule.file, rule.line))
    return tuple(out)


def _matcher(rule: Rule) -> Matcher:
    """For examples, which are about what is said: what must be known of the call is taken as given.
    """
    return Matcher([replace(rule, when=(), about=About())])


def _flagged(matcher: Matcher, turns: Iterable[Turn]) -> bool:
    found = [match for turn in turns for match in matcher.feed(turn)]
    return bool(found + matcher.finish())


def _as_rule(guard: Guard) -> Rule:
    """A shared condition as a rule about the customer, to be tested in the same way."""
    return Rule(
        guard.name, (guard.name, guard.name), "", "low", frozenset(("customer",)), (guard.part,),
        (), guard.hits, guard.misses, file=guard.file, line=guard.line,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Of ``heard`` misheard examples that a rule should flag it still flags ``kept``."""

    rule: str
    rate: float
    heard: int
    kept: int


def recall_kept(
    rules: Iterable[Rule], rates: Iterable[float], tries: int = 3, seed: int = 0
) -> tuple[Kept, ...]:
    """How much of each rule outlives a recogniser's errors: its hit examples, each misheard
    ``tries`` times at every rate of wrong characters (0 to 1)."""
    out = []
    levels = tuple(rates)
    for rule in rules:
        matcher, role = _matcher(rule), min(rule.roles)
        for rate in levels:
            rng = random.Random(f"{rule.id}|{rate}|{seed}")
            misheard = [
                [replace(turn, text=garble(turn.text, rate, rng)) for turn in dialogue(text, role)]
                for text in rule.hits for _ in range(tries)
            ]
            kept = sum(_flagged(matcher, turns) for turns in misheard)
            out.append(Kept(rule.id, rate, len(misheard), kept))
    return tuple(out)
