"""Rulesets: which libraries apply to a line of business, and how they differ there.

A ruleset chooses libraries, gives rules another severity, leaves rules out and adds rules of its
own, without a change in the files that it builds on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from voiceguard.domain import RulesUsed, Severity
from voiceguard.errors import Problem, RulesError, UsageError
from voiceguard.rules import parse
from voiceguard.rules.names import Names
from voiceguard.rules.rule import Rule
from voiceguard.rules.yaml_nodes import Document, Place

FILE = "rulesets.yaml"


class RulesetModel(BaseModel):
    """A ruleset as written."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="stands in every report")
    libraries: list[str] = Field(
        default_factory=lambda: ["all"], min_length=1, description="by name; `all` for all")
    disable: list[str] = Field(default_factory=list, description="ids of rules left out")
    severity: dict[str, Severity] = Field(
        default_factory=dict, description="another severity, by id of the rule")
    lists: dict[str, list[str]] = Field(default_factory=dict, description="word lists of its own")
    conditions: dict[str, Any] = Field(
        default_factory=dict, description="named conditions of its own")
    rules: list[Any] = Field(default_factory=list, description="rules of its own")


class RulesetFile(BaseModel):
    """``rulesets.yaml``, or any file given with ``--ruleset``."""

    model_config = ConfigDict(extra="forbid")

    rulesets: dict[str, RulesetModel] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a ruleset leaves of the rules that there are."""

    rules: tuple[Rule, ...]
    used: RulesUsed


def names_in(path: Path) -> tuple[str, ...]:
    """The rulesets of a file; none where it is broken beyond telling."""
    value = Document.read(path, str(path)).value
    found = value.get("rulesets") if isinstance(value, dict) else None
    return tuple(map(str, found)) if isinstance(found, dict) else ()


def choose(
    path: Path, name: str | None, rules: tuple[Rule, ...], used: RulesUsed,
    categories: Iterable[str], names: Names,
) -> Chosen:
    """The ruleset ``name`` of a file, applied; None for the only one in it.

    Raises:
        UsageError: the file has no such ruleset.
        RulesError: with every problem of the file.
    """
    document = Document.read(path, str(path))
    model = parse.validated(RulesetFile, document.value, document)
    if document.problems or model is None:
        raise RulesError(tuple(document.problems))
    if name is None and len(model.rulesets) == 1:
        name = next(iter(model.rulesets))
    if name is None or name not in model.rulesets:
        raise UsageError(f"{path} has no ruleset {name or 'of that name'}",
                         f"there are {', '.join(sorted(model.rulesets))}: add #NAME to the file")
    chosen = _applied(model.rulesets[name], name, document, rules, used, categories, names)
    if document.problems:
        raise RulesError(tuple(sorted(document.problems, key=lambda p: p.line or 0)))
    return chosen


def _applied(
    model: RulesetModel, name: str, document: Document, rules: tuple[Rule, ...], used: RulesUsed,
    categories: Iterable[str], names: Names,
) -> Chosen:
    here: Place = ("rulesets", name)
    known = {library for library, _ in used.libraries}
    wanted = known if model.libraries == ["all"] else set(model.libraries)
    for library in sorted(wanted - known):
        _note(document, (*here, "libraries"), f"no rule library {library!r}")
    kept = [r for r in rules if r.library in wanted]
    ids = {r.id for r in kept}
    for key in ("disable", "severity"):
        for id_ in sorted(set(getattr(model, key)) - ids):
            _note(document, (*here, key), f"no rule {id_!r} in the chosen libraries")
    kept = [
        replace(r, severity=model.severity.get(r.id, r.severity))
        for r in kept if r.id not in model.disable
    ]
    own = Names(names)
    own.define(model.lists, model.conditions, document, parse.named, here)
    for i, raw in enumerate(model.rules):
        made = parse.rule(raw, document, (*here, "rules", i), set(categories), name, own)
        if made is not None and made.id in ids:
            _note(document, (*here, "rules", i), f"id {made.id} is already used")
        elif made is not None:
            kept.append(made)
            ids.add(made.id)
    libraries = (*(p for p in used.libraries if p[0] in wanted), (name, model.version))
    digest = hashlib.sha256(f"{used.sha256}|{model.model_dump_json()}".encode())
    return Chosen(tuple(kept), RulesUsed(libraries, digest.hexdigest()))


def _note(document: Document, place: Place, message: str) -> None:
    document.problems.append(Problem(document.file, document.line(place), message))
