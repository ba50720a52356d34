"""What a rule is, once read and found sound."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from voiceguard.domain import CallInfo, Role, Scalar, Severity
from voiceguard.rules.conditions import All, Any, Condition, Scope

Status = Literal["experimental", "stable", "deprecated"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be known of a call: one of ``values``, or a number within bounds."""

    key: str
    values: tuple[Scalar, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: Scalar) -> bool:
        """Whether ``value`` is wanted; one that is not known never is."""
        if value is None:
            return False
        if self.values:
            return str(value).casefold() in {str(v).casefold() for v in self.values}
        try:
            number = float(value)
        except ValueError:
            return False
        low, high = self.at_least, self.at_most
        return (low is None or number >= low) and (high is None or number <= high)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a rule itself, as in Sigma."""

    status: Status = "stable"
    author: str = ""
    date: dt.date | None = None
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One behaviour to be found.

    Attributes:
        id: unique over all libraries, ``category.name``.
        title: ``(zh, en)``.
        roles: the party that is flagged.
        any: one of these must be heard; empty where ``all`` says everything.
        unless: none of these may hold for the same turn.
        hits: examples that must be flagged; several lines are a dialogue.
        misses: examples that must not.
        note: a sentence that explains why this matters, empty where the title says it.
        library: name of the library that it belongs to.
        file, line: where it is written.
        all: all of these must hold for the same turn.
        scope: where in the call, and on which channel.
        when: what must be known of the call; all of it.
    """

    id: str
    title: tuple[str, str]
    category: str
    severity: Severity
    roles: frozenset[Role]
    any: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    note: str = ""
    library: str = ""
    file: str = ""
    line: int = 0
    all: tuple[Condition, ...] = ()
    scope: Scope = Scope()
    when: tuple[Wanted, ...] = ()
    about: About = About()

    @property
    def heard(self) -> Condition:
        """What must be heard, as one condition; without what speaks against it."""
        if not self.all:
            return Any(self.any)
        return All((*((Any(self.any),) if self.any else ()), *self.all))

    def applies(self, info: CallInfo, language: str) -> bool:
        """Whether the rule is in force for a call of which this is known."""
        if self.about.status == "deprecated" or not self._valid(info):
            return False
        known = {"language": language, **dict(info)}
        return all(w.holds(known.get(w.key)) for w in self.when)

    def _valid(self, info: CallInfo) -> bool:
        """By the day on which the call began; a call without a day is judged."""
        try:
            day = dt.date.fromisoformat(str(info.get("started_at") or "")[:10])
        except ValueError:
            return True
        start, end = self.about.valid_from, self.about.valid_to
        return (start is None or day >= start) and (end is None or day <= end)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of behaviour, with its titles."""

    id: str
    zh: str
    en: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A shared named condition with its examples, to be tested as rules are."""

    name: str
    part: Condition
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    note: str = ""
    file: str = ""
    line: int = 0
