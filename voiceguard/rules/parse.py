"""From checked shapes to rules: normalised phrases, compiled-once patterns, and their problems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from voiceguard.errors import Problem
from voiceguard.rules.rule import Condition, Pattern, Phrase, Rule
from voiceguard.rules.schema import ConditionModel, RuleModel
from voiceguard.rules.yaml_nodes import Document, Place
from voiceguard.text import normalise

Model = TypeVar("Model", bound=BaseModel)
_GAP = re.compile(r"…+|\.{3,}")


def validated(
    model: type[Model], value: object, document: Document, place: Place = ()
) -> Model | None:
    """``value`` as ``model``; None where it does not fit, its problems noted in ``document``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            where = tuple(p for p in item["loc"] if isinstance(p, str | int))
            name = ".".join(str(p) for p in where)
            message = _plain(item["type"], item["msg"])
            document.problems.append(
                Problem(document.file, document.line((*place, *where)), f"{name}: {message}")
            )
        return None


def _plain(kind: str, message: str) -> str:
    return {
        "extra_forbidden": "unknown key",
        "missing": "is missing",
        "string_type": "must be text (put it in quotes)",
    }.get(kind, message[0].lower() + message[1:])


def rule(
    raw: object, document: Document, place: Place, categories: Iterable[str], library: str = ""
) -> Rule | None:
    """A rule from its YAML value; None where it has problems, all of them noted."""
    before = len(document.problems)
    model = validated(RuleModel, raw, document, place)
    if model is None:
        return None
    if model.category not in categories:
        _note(document, (*place, "category"), f"{model.id}: no category {model.category!r}")
    elif model.id.split(".")[0] != model.category:
        _note(document, (*place, "id"), f"{model.id}: must begin with {model.category!r} and a dot")
    any_ = _conditions(model.any, document, (*place, "any"))
    unless = _conditions(model.unless, document, (*place, "unless"))
    both = {text for text in model.examples.hit if text in model.examples.miss}
    if both:
        _note(document, (*place, "examples"), f"{model.id}: an example is both hit and miss")
    if len(document.problems) > before:
        return None
    return Rule(
        model.id, (model.title.zh, model.title.en), model.category, model.severity,
        frozenset(model.roles), any_, unless, tuple(model.examples.hit),
        tuple(model.examples.miss), model.note, library, document.file, document.line(place),
    )


def _note(document: Document, place: Place, message: str) -> None:
    document.problems.append(Problem(document.file, document.line(place), message))


def _conditions(
    models: list[ConditionModel], document: Document, place: Place
) -> tuple[Condition, ...]:
    made = (_condition(m, document, (*place, i)) for i, m in enumerate(models))
    return tuple(c for c in made if c is not None)


def _condition(model: ConditionModel, document: Document, place: Place) -> Condition | None:
    if (model.phrase is None) == (model.regex is None):
        _note(document, place, "needs either phrase or regex")
        return None
    if model.regex is not None:
        return _pattern(model.regex, document, place)
    assert model.phrase is not None
    parts = _GAP.split(model.phrase)
    pieces = tuple(normalise(part).text for part in parts)
    if not all(pieces) or (len(pieces) == 1 and len(pieces[0]) < 2):
        _note(document, place, f"phrase {model.phrase!r} is too short: two characters or more, "
              "and something on both sides of a gap")
        return None
    if len("".join(pieces)) < 3 and len(pieces) > 1:
        _note(document, place, f"phrase {model.phrase!r} says too little around its gap")
        return None
    return Phrase(model.phrase, pieces, model.sound)


def _pattern(text: str, document: Document, place: Place) -> Pattern | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        _note(document, place, f"not a valid pattern: {reason}")
        return None
    if compiled.search(""):
        _note(document, place, "the pattern matches nothing at all, so it would hit everywhere")
        return None
    return Pattern(text)
