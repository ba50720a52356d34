"""From raw YAML values to rules, and the problems on the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from voiceguard.errors import Problem
from voiceguard.rules import conditions as c
from voiceguard.rules.measures import distance
from voiceguard.rules.names import BrokenName, Names
from voiceguard.rules.reading import Reader
from voiceguard.rules.rule import About, Rule, Wanted
from voiceguard.rules.schema import Between, ConditionModel, NamedModel, RuleModel
from voiceguard.rules.yaml_nodes import Document, Place

Model = TypeVar("Model", bound=BaseModel)
#: Conditions within conditions; no rule that a person can follow comes near it.
_DEEPEST = 60


def validated(
    model: type[Model], value: object, document: Document, place: Place = ()
) -> Model | None:
    """``value`` as ``model``; None where it does not fit, its problems noted in ``document``."""
    if _depth(value) > _DEEPEST:
        note(document, place, "is nested too deeply")
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            where = tuple(p for p in item["loc"] if isinstance(p, str | int))
            name = ".".join(str(p) for p in where)
            message = _plain(item["type"], item["msg"])
            note(document, (*place, *where), f"{name}: {message}")
        return None


def _depth(value: object) -> int:
    """Levels of lists and mappings, found without recursion."""
    deepest, level = 0, [value]
    while level and deepest <= _DEEPEST:
        deepest += 1
        level = [child for v in level if isinstance(v, dict | list)
                 for child in (v.values() if isinstance(v, dict) else v)]
    return deepest


def _plain(kind: str, message: str) -> str:
    return {
        "extra_forbidden": "unknown key",
        "missing": "is missing",
        "string_type": "must be text (put it in quotes)",
        "model_type": "must be a text or a mapping",
    }.get(kind, message[0].lower() + message[1:])


def note(document: Document, place: Place, message: str) -> None:
    """A problem at ``place`` of ``document``."""
    document.problems.append(Problem(document.file, document.line(place), message))


def condition(raw: object, document: Document, place: Place, names: Names) -> c.Condition | None:
    """A condition from its YAML value; None where it has problems, all of them noted."""
    if isinstance(raw, str):
        raw = {"phrase": raw}
    model = validated(ConditionModel, raw, document, place)
    return None if model is None else Reader(document, names).one(model, place)


def named(raw: object, document: Document, place: Place, names: Names) -> c.Condition | None:
    """A named condition: a condition with a note and examples."""
    if isinstance(raw, str):
        raw = {"phrase": raw}
    model = validated(NamedModel, raw, document, place)
    return None if model is None else Reader(document, names).one(model, place)


def rule(
    raw: object, document: Document, place: Place, categories: Iterable[str], library: str = "",
    names: Names | None = None,
) -> Rule | None:
    """A rule from its YAML value; None where it has problems, all of them noted."""
    before = len(document.problems)
    model = validated(RuleModel, raw, document, place)
    if model is None:
        return None
    if model.category not in categories:
        note(document, (*place, "category"), f"{model.id}: no category {model.category!r}")
    elif model.id.split(".")[0] != model.category:
        note(document, (*place, "id"), f"{model.id}: must begin with {model.category!r} and a dot")
    reader = Reader(document, names or Names())
    any_ = reader.many(model.any, (*place, "any"))
    all_ = reader.many(model.all, (*place, "all")) + _expression(model, reader, place)
    guards = (reader.guard(m, (*place, "unless", i)) for i, m in enumerate(model.unless))
    unless = tuple(g for g in guards if g is not None)
    scope = _scope(model, document, place)
    when = tuple(w for key, value in model.when.items()
                 if (w := _wanted(key, value, document, (*place, "when", key))) is not None)
    if set(model.examples.hit) & set(model.examples.miss):
        note(document, (*place, "examples"), f"{model.id}: an example is both hit and miss")
    if len(document.problems) == before:
        _heard(any_, all_, document, place, model.id)
    if len(document.problems) > before or len(any_) < len(model.any):
        return None
    return Rule(
        model.id, (model.title.zh, model.title.en), model.category, model.severity,
        frozenset(model.roles), any_, unless, tuple(model.examples.hit),
        tuple(model.examples.miss), model.note, library, document.file, document.line(place),
        all_, scope, when, _about(model),
    )


def _heard(
    any_: tuple[c.Condition, ...], all_: tuple[c.Condition, ...], document: Document,
    place: Place, id_: str,
) -> None:
    if not any_ and not all_:
        note(document, place, f"{id_}: needs any, all or condition")
        return
    whole = c.All((*((c.Any(any_),) if any_ else ()), *all_))
    if not c.gives_evidence(whole):
        where = "any" if any_ else "all"
        note(document, (*place, where),
             f"{id_}: would hold where nothing is heard; say what must be heard, not only what "
             "must not")


def _expression(model: RuleModel, reader: Reader, place: Place) -> tuple[c.Condition, ...]:
    if model.condition is None:
        return ()
    try:
        return (reader.expression(model.condition),)
    except BrokenName:
        return ()
    except ValueError as error:
        reader.note((*place, "condition"), str(error))
        return ()


def _scope(model: RuleModel, document: Document, place: Place) -> c.Scope:
    spans: dict[str, c.Distance | None] = {}
    for key in ("first", "last"):
        text: str | None = getattr(model, key)
        spans[key] = None
        if text is not None:
            try:
                spans[key] = distance(text, ("ms", "turns"))
            except ValueError as error:
                note(document, (*place, key), str(error))
    return c.Scope(frozenset(), model.channel, spans["first"], spans["last"])


def _wanted(key: str, value: Any, document: Document, place: Place) -> Wanted | None:
    if isinstance(value, dict):
        bounds = validated(Between, value, document, place)
        return None if bounds is None else Wanted(key, (), bounds.at_least, bounds.at_most)
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str | int | float | bool) for v in values):
        note(document, place, "must be a value, a list of values, or at_least and at_most")
        return None
    return Wanted(key, tuple(values))


def _about(model: RuleModel) -> About:
    return About(
        model.status, model.author, model.date, tuple(model.references),
        tuple(model.falsepositives), tuple(model.tags), tuple(model.related), model.valid_from,
        model.valid_to,
    )
