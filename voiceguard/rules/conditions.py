"""What a rule can ask for: conditions as values. Nothing here knows YAML or a transcript.

A condition *holds* or does not hold for a turn, and where it was heard it says where. ``And`` and
``or`` are about one turn; ``Near``, ``After``, ``Before``, ``Count``, ``Repeated``, ``Absent`` and
``Script`` look across turns. How each is found stands in ``voiceguard.match``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from voiceguard.domain import Role

Unit = Literal["chars", "turns", "ms", "call"]
NumberKind = Literal["number", "amount", "percent", "duration"]
EntityKind = Literal["phone", "id_card", "bank_card", "date"]
AcousticKind = Literal[
    "silence", "delay", "interruption", "monologue", "rate", "rate_change", "level", "level_change"
]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far apart, or how long: characters, turns or milliseconds; ``call`` for no limit.

    Zero turns is the same turn.
    """

    amount: int
    unit: Unit


SAME_TURN, WHOLE_CALL = Distance(0, "turns"), Distance(0, "call")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something must be said to count; None and empty do not limit.

    Attributes:
        roles: who says it.
        channel: 0-based audio channel.
        first: within so much of the call's beginning, by its own time and not its turn's.
        last: within so much of the call's end.
    """

    roles: frozenset[Role] = frozenset()
    channel: int | None = None
    first: Distance | None = None
    last: Distance | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to be heard, letter for letter or by sound.

    Attributes:
        text: as written in the rule; ``…`` stands for a gap.
        pieces: normalised pieces between the gaps, at least one, each of two characters or more
            (of one where it stands beside a gap).
        sound: whether characters of the same or a confusable sound count.
        tolerance: syllables that may be heard otherwise, left out or put in; None for what the
            length of the phrase allows.
        tone: whether the tones must be those of the phrase.
    """

    text: str
    pieces: tuple[str, ...]
    sound: bool = True
    tolerance: int | None = None
    tone: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A phrase with optional parts, alternatives or word lists, and all that it stands for."""

    text: str
    ways: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression (RE2) over normalised text: no punctuation, no spaces, lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A spoken or written number: ``amount`` in yuan, ``percent``, ``duration`` in days."""

    kind: NumberKind
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """Something with a form of its own, such as a telephone number."""

    kind: EntityKind


@dataclass(frozen=True, slots=True)
class Like:
    """A sentence much like one of these, by sound; ``score`` 0 to 1."""

    sentences: tuple[str, ...]
    score: float = 0.75


@dataclass(frozen=True, slots=True)
class Signal:
    """What a classifier or a voice model says of the turn, by its name."""

    name: str
    score: float = 0.5


@dataclass(frozen=True, slots=True)
class Acoustic:
    """How a turn lies in time or how loud it is: milliseconds, syllables a second, dB, ratios."""

    kind: AcousticKind
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """The call's end: its length in ms, its number of turns, or who spoke last."""

    kind: Literal["length", "turns", "speaker"]
    at_least: int | None = None
    at_most: int | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class All:
    """All of them in one turn."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of them or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``n`` of them in one turn."""

    n: int
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold for the turn; within ``Near``: nothing of it within the distance."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Named:
    """A condition that has a name in the file or in the shared ``conditions.yaml``."""

    name: str
    part: Condition


@dataclass(frozen=True, slots=True)
class Expression:
    """``a && (b || !c)`` over named conditions: as written, and what it stands for."""

    text: str
    part: Condition


@dataclass(frozen=True, slots=True)
class Scoped:
    """Only what is said within a scope."""

    part: Condition
    scope: Scope


@dataclass(frozen=True, slots=True)
class Near:
    """All of them, each no further than ``within`` from the next, in this order if ``ordered``."""

    parts: tuple[Condition, ...]
    within: Distance
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """Among what speaks against a rule: it only takes back what stands within a distance of it."""

    part: Condition
    within: Distance


@dataclass(frozen=True, slots=True)
class After:
    """``part``, said after ``anchor``, which is context: a question and its answer."""

    part: Condition
    anchor: Condition
    within: Distance


@dataclass(frozen=True, slots=True)
class Before:
    """``part``, said before ``anchor``, which is context."""

    part: Condition
    anchor: Condition
    within: Distance


@dataclass(frozen=True, slots=True)
class Nth:
    """Only the ``n``-th time in the call that it is heard, from 1; -1 for the last time."""

    part: Condition
    n: int


@dataclass(frozen=True, slots=True)
class Count:
    """Heard ``times`` times, all within a distance; then the count begins anew."""

    part: Condition
    times: int
    within: Distance


@dataclass(frozen=True, slots=True)
class Repeated:
    """Turns in much the same words, ``times`` times; only those in which ``part`` is heard.

    Attributes:
        part: None for any turn of six characters or more.
        similarity: of the sounds of two turns, 0 to 1.
    """

    part: Condition | None
    times: int
    similarity: float
    within: Distance


@dataclass(frozen=True, slots=True)
class Absent:
    """Never said, or not by the time by which it should have been."""

    part: Condition
    until: Distance


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a script and how it is said."""

    name: str
    part: Condition


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in an order. Its score is coverage · order · closeness, 0 to 1.

    Attributes:
        within: how far apart two steps may be before closeness falls.
        at_least: the score from which the script was followed.
        below: instead, the score under which it was not followed as it should have been.
    """

    steps: tuple[Step, ...]
    within: Distance
    at_least: float | None = 0.6
    below: float | None = None


Leaf = Phrase | Wording | Pattern | Number | Entity | Like | Signal | Acoustic | Ending
Condition = (
    Leaf | All | Any | AtLeast | Not | Named | Expression | Scoped | Near | Beside | After
    | Before | Nth | Count | Repeated | Absent | Script
)


def children(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that this one is directly made of."""
    match condition:
        case All() | Any() | AtLeast() | Near():
            return condition.parts
        case After() | Before():
            return condition.part, condition.anchor
        case Script():
            return tuple(step.part for step in condition.steps)
        case Repeated():
            return () if condition.part is None else (condition.part,)
        case Not() | Named() | Expression() | Scoped() | Beside() | Nth() | Count() | Absent():
            return (condition.part,)
        case _:
            return ()


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and all below it, from the outside in."""
    yield condition
    for child in children(condition):
        yield from walk(child)


def gives_evidence(condition: Condition) -> bool:
    """Whether something is heard wherever the condition holds.

    A rule that can hold without evidence (``not a``, ``a or not b``) would hold for every turn
    in which nothing is said, so it is refused.
    """
    match condition:
        case Not(part=Not(part=inner)):
            return gives_evidence(inner)
        case Not(part=All(parts=parts)):
            return all(gives_evidence(Not(p)) for p in parts)
        case Not(part=Any(parts=parts)):
            return any(gives_evidence(Not(p)) for p in parts)
        case Not(part=Named(part=inner) | Expression(part=inner)):
            return gives_evidence(Not(inner))
        case Not():
            return False
        case All() | Near():
            return any(gives_evidence(p) for p in condition.parts)
        case Any():
            return all(gives_evidence(p) for p in condition.parts)
        case AtLeast():
            silent = sum(not gives_evidence(p) for p in condition.parts)
            return silent < condition.n
        case Named() | Expression() | Scoped():
            return gives_evidence(condition.part)
        case _:
            return True
