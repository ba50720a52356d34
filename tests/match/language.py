"""A rule and a call in two lines each, for tests of the language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from voiceguard.domain import CallInfo, Match, Role, Transcript, Turn
from voiceguard.evaluate.examples import dialogue
from voiceguard.match import Matcher, match_transcript
from voiceguard.rules import Rule
from voiceguard.rules import conditions as c
from voiceguard.rules.names import Names
from voiceguard.rules.parse import condition, named, rule
from voiceguard.rules.yaml_nodes import Document


def names(text: str = "") -> Names:
    """Names from the text of a file with ``lists`` and ``conditions``."""
    document = Document("names.yaml", text or "{}")
    assert isinstance(document.value, dict)
    made = Names()
    made.define(document.value.get("lists", {}), document.value.get("conditions", {}), document,
                named)
    assert not document.problems, document.problems
    return made


def read(text: str, known: Names | None = None) -> c.Condition:
    """The condition written in ``text``."""
    document = Document("x.yaml", text)
    made = condition(document.value, document, (), known or Names())
    assert made is not None, document.problems
    return made


def problems(text: str, known: Names | None = None) -> list[str]:
    """What is wrong with the condition written in ``text``."""
    document = Document("x.yaml", text)
    assert not document.problems
    assert condition(document.value, document, (), known or Names()) is None
    return [str(p) for p in document.problems]


def rule_of(text: str, known: Names | None = None) -> Rule:
    """A rule from what is not the same in every test; for customers, where it does not say."""
    value: dict[str, Any] = {
        "id": "c.r", "title": {"zh": "规则", "en": "Rule"}, "category": "c", "severity": "medium",
        "roles": ["customer"], "examples": {"hit": ["x"], "miss": ["y"]}, **yaml.safe_load(text),
    }
    document = Document("x.yaml", yaml.safe_dump(value, allow_unicode=True))
    made = rule(document.value, document, (), {"c"}, "lib", known)
    assert made is not None, document.problems
    return made


def turns_of(call: str, role: Role = "customer") -> tuple[Turn, ...]:
    """The turns of a dialogue, one a line."""
    return dialogue(call, role)


def matches(text: str | Rule, call: str | Iterable[Turn], known: Names | None = None,
            info: CallInfo | None = None) -> tuple[Match, ...]:
    """What a rule finds in a call."""
    made = text if isinstance(text, Rule) else rule_of(text, known)
    turns = turns_of(call) if isinstance(call, str) else tuple(call)
    return match_transcript(Matcher([made]), Transcript("t", turns, info=info or CallInfo()))


def heard(text: str, call: str, known: Names | None = None) -> list[list[str]]:
    """The words of the evidence of every match, with the number of their turn."""
    return [[f"{e.turn}:{e.text}" for e in m.evidence] for m in matches(text, call, known)]
