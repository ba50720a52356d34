"""What a rule is, once read and found sound."""

from __future__ import annotations

from dataclasses import dataclass

from voiceguard.domain import Role, Severity


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to be heard, letter for letter or by sound.

    Attributes:
        text: as written in the rule; ``…`` stands for a gap.
        pieces: normalised pieces between the gaps, at least one, each of two characters or more
            (of one where it stands beside a gap).
        sound: whether characters of the same or a confusable sound count.
    """

    text: str
    pieces: tuple[str, ...]
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression (RE2) over normalised text: no punctuation, no spaces, lower case."""

    text: str


Condition = Phrase | Pattern


@dataclass(frozen=True, slots=True)
class Rule:
    """One behaviour to be found in one turn.

    Attributes:
        id: unique over all libraries, ``category.name``.
        title: ``(zh, en)``.
        roles: who must be speaking for the rule to hold.
        any: one of these must be heard.
        unless: none of these may stand in the same turn.
        hits: examples that must be flagged.
        misses: examples that must not.
        note: a sentence that explains why this matters, empty where the title says it.
        library: name of the library that it belongs to.
        file, line: where it is written.
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


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of behaviour, with its titles."""

    id: str
    zh: str
    en: str
    summary: str = ""
