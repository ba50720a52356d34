"""Running every rule on its own examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voiceguard.domain import Turn
from voiceguard.match import Matcher
from voiceguard.rules import Rule


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example that came out wrong: ``expected`` is ``hit`` or ``miss``."""

    rule: str
    expected: str
    text: str
    file: str
    line: int


def check_examples(rules: Iterable[Rule]) -> tuple[ExampleFailure, ...]:
    """Examples that their own rule does not treat as written, in order of the rules.

    An example is one turn, spoken in the first of the rule's roles.
    """
    out = []
    for rule in rules:
        matcher, role = Matcher([rule]), min(rule.roles)
        for expected, texts in (("hit", rule.hits), ("miss", rule.misses)):
            for text in texts:
                if bool(matcher.feed(Turn(0, text, role))) != (expected == "hit"):
                    out.append(ExampleFailure(rule.id, expected, text, rule.file, rule.line))
    return tuple(out)
