"""Running every rule on its own examples."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from voiceguard.domain import Turn
from voiceguard.evaluate.noise import garble
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
        matcher, role = Matcher([rule]), min(rule.roles)
        for rate in levels:
            rng = random.Random(f"{rule.id}|{rate}|{seed}")
            misheard = [garble(text, rate, rng) for text in rule.hits for _ in range(tries)]
            kept = sum(bool(matcher.feed(Turn(0, text, role))) for text in misheard)
            out.append(Kept(rule.id, rate, len(misheard), kept))
    return tuple(out)
