"""The shape of rule files, checked by pydantic; nothing beyond this module sees raw YAML.

The descriptions are those of the JSON Schema and of the reference in the docs.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voiceguard.domain import Role, Severity
from voiceguard.rules.conditions import EntityKind, NumberKind


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Titles(_Strict):
    """A title in Chinese and in English."""

    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=120)


def _bare(value: Any) -> Any:
    return {"phrase": value} if isinstance(value, str) else value


def _single(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


#: A condition; a bare string is a phrase.
ConditionField = Annotated["ConditionModel", BeforeValidator(_bare)]
Roles = Annotated[list[Role], BeforeValidator(_single)]
Length = Annotated[str, Field(max_length=20)]


class StepModel(_Strict):
    """A step of a script."""

    step: str = Field(min_length=1, max_length=40, description="name of the step, shown in flags")
    any: list[ConditionField] = Field(min_length=1, max_length=40, description="its wordings")


class ConditionModel(_Strict):
    """What must be heard (exactly one of the first group) and where (any of the second)."""

    phrase: str | None = Field(
        None, min_length=1, max_length=120,
        description="words, by letter and by sound; `…` gap, `(可选)` optional, `[甲|乙]` "
        "alternatives, `%list` one of a word list")
    regex: str | None = Field(
        None, min_length=1, max_length=400, description="an RE2 pattern over normalised text")
    number: NumberKind | None = Field(
        None, description="a spoken or written number, compared with `at_least` and `at_most`: "
        "amounts in yuan, durations in days")
    entity: EntityKind | None = Field(
        None, description="a telephone number, an identity card (checksum), a bank card (Luhn), "
        "a date")
    like: list[str] | None = Field(
        None, min_length=1, max_length=50,
        description="a sentence that sounds much like one of these; `score` says how much")
    signal: str | None = Field(
        None, pattern=r"^[a-z][a-z0-9_.-]*$",
        description="what a classifier or voice model says of the turn; `score` from which it "
        "counts")
    any: list[ConditionField] | None = Field(
        None, min_length=1, description="one of these; with `of: n` at least n of them")
    all: list[ConditionField] | None = Field(
        None, min_length=1, description="all of these in the same turn")
    not_: ConditionField | None = Field(
        None, alias="not", description="this does not hold for the turn; in `near`: nothing of "
        "it within the distance")
    use: str | None = Field(None, description="a named condition")
    condition: str | None = Field(
        None, min_length=1, max_length=400,
        description="an expression over named conditions: `a && (b || !c)`")
    near: list[ConditionField] | None = Field(
        None, min_length=2, max_length=8,
        description="all of these, each no further than `within` from the next; `ordered: true` "
        "for this order")
    absent: ConditionField | None = Field(
        None, description="never said, or not within `until`")
    script: list[StepModel] | None = Field(
        None, min_length=2, max_length=30,
        description="steps in order, at most `within` apart; holds from `score`, or `below` one")
    silence: Length | None = Field(
        None, description="so long nobody spoke before the turn")
    delay: Length | None = Field(
        None, description="so long after the other side had ended did the turn begin")
    interruption: Length | None = Field(
        None, description="the turn began so long before the other side had ended")
    monologue: Length | None = Field(
        None, description="the same party has spoken so long without the other side")
    rate: Literal["speed", "change"] | None = Field(
        None, description="syllables a second, or as a multiple of the party's own mean so far; "
        "compared with `at_least` and `at_most`")
    loudness: Literal["level", "change"] | None = Field(
        None, description="level of the turn in dBFS, or in dB over the party's own mean so far; "
        "compared with `at_least` and `at_most`")
    call: Literal["seconds", "turns"] | None = Field(
        None, description="length of the whole call, compared with `at_least` and `at_most`")
    last_speaker: Role | None = Field(None, description="who spoke last in the call")

    sound: bool = Field(True, description="phrase: other characters of the same sound count")
    tolerance: int | None = Field(
        None, ge=0, le=3, description="phrase: syllables that may be wrong, missing or too many; "
        "without it what the length allows")
    tone: bool = Field(False, description="phrase: the tones must be right")
    at_least: float | None = Field(None, description="lower bound of a number or measure")
    at_most: float | None = Field(None, description="upper bound of a number or measure")
    score: float | None = Field(None, ge=0, le=1, description="like, signal, script: from here on")
    below: float | None = Field(
        None, gt=0, le=1, description="script: holds where it was followed less well than this")
    of: int | None = Field(None, ge=1, description="any: so many of them")
    ordered: bool = Field(False, description="near: in the order given")
    until: Length | None = Field(
        None, description="absent: the time or number of turns by which it is due; without it "
        "the call's end")
    within: Length | None = Field(
        None, description="near, after, before, times, repeated, script: no further apart than "
        "this, such as `10 chars`, `3 turns`, `30s`, `turn`, `call`")
    by: Roles | None = Field(
        None, description="who says it; without it the rule's roles, for an anchor the other side")
    channel: int | None = Field(None, ge=0, le=63, description="on this audio channel, from 0")
    first: Length | None = Field(
        None, description="in the first so many seconds or turns of the call")
    last: Length | None = Field(
        None, description="in the last so many seconds or turns of the call")
    after: ConditionField | None = Field(
        None, description="said after this, which becomes context (`within`: default 2 turns)")
    before: ConditionField | None = Field(
        None, description="said before this, which becomes context (`within`: default 2 turns)")
    nth: int | None = Field(
        None, ge=-1, le=1000, description="only the n-th time in the call; -1 for the last time")
    times: int | None = Field(
        None, ge=2, le=100, description="heard so many times (`within`: default the call)")
    repeated: int | None = Field(
        None, ge=2, le=20, description="so many turns in much the same words, in which this is "
        "heard (alone: any words)")
    similarity: float = Field(
        0.7, ge=0.3, le=1, description="repeated: how alike the turns must sound")


#: Keys that say what is heard; a condition has exactly one (``repeated`` may stand alone).
OPERATORS = (
    "phrase", "regex", "number", "entity", "like", "signal", "any", "all", "not", "use",
    "condition", "near", "absent", "script", "silence", "delay", "interruption", "monologue",
    "rate", "loudness", "call", "last_speaker",
)
#: Keys that belong to certain operators only.
_BOUNDED = ("number", "rate", "loudness", "call")
BELONGS: dict[str, tuple[str, ...]] = {
    "sound": ("phrase",), "tolerance": ("phrase",), "tone": ("phrase",),
    "at_least": _BOUNDED, "at_most": _BOUNDED, "score": ("like", "signal", "script"),
    "below": ("script",), "of": ("any",), "ordered": ("near",), "until": ("absent",),
}


class Examples(_Strict):
    """Turns that the rule must flag, and turns that it must leave alone."""

    hit: list[str] = Field(min_length=1)
    miss: list[str] = Field(min_length=1)


class NamedModel(ConditionModel):
    """A named condition: what it means, and examples that it must and must not hold for."""

    note: str = Field("", max_length=300, description="what it is for")
    examples: Examples | None = Field(None, description="turns for which it must and must not hold")


class Between(_Strict):
    """Bounds of a metadata value."""

    at_least: float | None = None
    at_most: float | None = None


Status = Literal["experimental", "stable", "deprecated"]


class RuleModel(_Strict):
    """One rule as written."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9][a-z0-9-]*$",
                    description="category, dot, name; nowhere else the same")
    title: Titles = Field(description="what the reader of a report sees")
    category: str = Field(description="one of `categories.yaml`")
    severity: Severity = Field(description="how bad it is if it was really said")
    roles: list[Role] = Field(min_length=1, description="the party that is flagged")
    any: list[ConditionField] = Field(default_factory=list, description="one of these is heard")
    all: list[ConditionField] = Field(
        default_factory=list, description="all of these hold in the same turn")
    condition: str | None = Field(
        None, min_length=1, max_length=400, description="an expression over named conditions")
    unless: list[ConditionField] = Field(
        default_factory=list, description="none of these holds in the same turn; with `within: 8 "
        "chars` it only takes back what stands so near")
    channel: int | None = Field(None, ge=0, le=63, description="only on this audio channel")
    first: Length | None = Field(None, description="only in the call's first seconds or turns")
    last: Length | None = Field(None, description="only in the call's last seconds or turns")
    when: dict[str, Any] = Field(
        default_factory=dict, description="what is known of the call: `language`, `direction` or "
        "any metadata key, with a value, a list of values, or `{at_least, at_most}`")
    note: str = Field("", max_length=300, description="a sentence added to the explanation")
    examples: Examples = Field(
        description="turns, or dialogues of several lines, that must and must not be flagged")
    status: Status = Field("stable", description="a deprecated rule is loaded but never flags")
    author: str = Field("", max_length=120, description="who wrote it")
    date: dt.date | None = Field(None, description="when it was written or last changed")
    references: list[str] = Field(
        default_factory=list, max_length=20, description="laws, cases, notices behind it")
    falsepositives: list[str] = Field(
        default_factory=list, max_length=20, description="who may be flagged wrongly")
    tags: list[str] = Field(default_factory=list, max_length=20, description="free words")
    related: list[str] = Field(default_factory=list, max_length=20, description="ids of rules")
    valid_from: dt.date | None = Field(None, description="calls that began before are not judged")
    valid_to: dt.date | None = Field(None, description="nor calls that began after this day")


class LibraryHead(_Strict):
    """Name and version of the library that a file belongs to."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_.-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")


class RuleFile(_Strict):
    """A file of rules."""

    library: LibraryHead = Field(description="the set that the file belongs to")
    lists: dict[str, list[str]] = Field(
        default_factory=dict, description="word lists of this file, `%name` in a phrase")
    conditions: dict[str, Any] = Field(
        default_factory=dict, description="named conditions of this file")
    rules: list[Any] = Field(min_length=1, description="at least one")


class ConditionFile(_Strict):
    """``conditions.yaml``: named conditions for all files of the folder."""

    conditions: dict[str, Any]


class ListFile(_Strict):
    """``lists.yaml``: word lists for all files of the folder."""

    lists: dict[str, list[str]]


class CategoryModel(Titles):
    """A category's titles and what it means."""

    summary: str = ""


class CategoryFile(_Strict):
    """``categories.yaml``."""

    categories: dict[str, CategoryModel]


class ActionModel(_Strict):
    """Something to do: a title, and words to say to the customer or of the procedure."""

    title: Titles
    script: Titles | None = None


class Advice(_Strict):
    """Which actions go with a category, by the risk of the call."""

    any: list[str] = Field(default_factory=list)
    medium: list[str] = Field(default_factory=list)
    high: list[str] = Field(default_factory=list)


class PlaybookFile(_Strict):
    """``playbook.yaml``."""

    actions: dict[str, ActionModel]
    outcomes: dict[str, list[str]]
    categories: dict[str, Advice]
    listening: list[str] = Field(default_factory=list)
