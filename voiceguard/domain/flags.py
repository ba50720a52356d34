"""What the rules found: evidence, matches and flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voiceguard.domain.span import Span
from voiceguard.domain.transcript import Role

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
How = Literal[
    "exact", "sound", "fuzzy", "regex", "near", "script", "semantic", "acoustic", "voice", "absence"
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One stretch of a turn that a rule stands on.

    Attributes:
        turn: index of the turn.
        chars: ``(a, b)``, half-open, into the turn's verbatim text.
        text: what was heard, ``turn.text[a:b]``.
        matched: what the rule wanted (phrase, pattern or step).
        score: 0 to 1; 1 is letter for letter.
        step: name of a script's step, None elsewhere.
        span: None where times are not known.
    """

    turn: int
    chars: tuple[int, int]
    text: str
    matched: str
    how: How
    score: float
    span: Span | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fired in a call, before it is weighed.

    Attributes:
        rule: id of the rule.
        role: whose turn it is.
        evidence: at least one, in order of place.
        context: turns that gave the surroundings (questions, anchors).
        role_assumed: the rule is meant for one role, and the turn's role is not known.
        how: what the evidence makes up together; None where each piece stands for itself.
        score: of the whole, 0 to 1; None where the best piece of evidence counts.
        notes: what was found beyond the words, in Chinese, for the explanation.
    """

    rule: str
    role: Role
    evidence: tuple[Evidence, ...]
    context: tuple[int, ...] = ()
    role_assumed: bool = False
    how: How | None = None
    score: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """A match as people see it: weighed, timed and explained.

    Attributes:
        id: stable within the call: the same audio, rules and options give the same id.
        turns: turns in which the flagged party itself gives the evidence.
        text: what was heard, of the strongest evidence.
        confidence: how sure the words were recognised, None where not known.
        needs_listening: a person should hear it before acting on it.
        explanation: one sentence.
    """

    id: str
    rule: str
    title: str
    category: str
    severity: Severity
    role: Role
    turns: tuple[int, ...]
    span: Span | None
    text: str
    matched: str
    how: How
    score: float
    explanation: str
    evidence: tuple[Evidence, ...]
    confidence: float | None = None
    needs_listening: bool = False
    context: tuple[int, ...] = ()
