"""The playbook: what to do about a call, for the person who makes or takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voiceguard.domain import Action
from voiceguard.errors import Problem, RulesError
from voiceguard.rules import parse
from voiceguard.rules.library import shipped
from voiceguard.rules.schema import Advice, PlaybookFile
from voiceguard.rules.yaml_nodes import Document, Place


@dataclass(frozen=True, slots=True)
class Playbook:
    """Actions by id, and which of them go with an outcome, a category and a risk.

    Attributes:
        outcomes: call outcome → action ids.
        categories: ``(category, risk)`` → action ids; risk ``any`` holds at every risk.
        listening: action ids where a flag needs a person's ear.
    """

    actions: dict[str, Action]
    outcomes: dict[str, tuple[str, ...]]
    categories: dict[tuple[str, str], tuple[str, ...]]
    listening: tuple[str, ...]


def load_playbook(folder: Path | None = None) -> Playbook:
    """``playbook.yaml`` of ``folder``, or the shipped one where it has none.

    Raises:
        RulesError: with every problem of the file.
    """
    path = (folder or shipped()) / "playbook.yaml"
    if not path.exists():
        path = shipped() / "playbook.yaml"
    document = Document.read(path, str(path))
    model = parse.validated(PlaybookFile, document.value, document)
    if model is not None:
        document.problems += _unknown(model, document)
    if document.problems or model is None:
        raise RulesError(tuple(document.problems))
    actions = {
        id_: Action(id_, f"{a.title.zh} / {a.title.en}",
                    f"{a.script.zh}\n{a.script.en}" if a.script else "")
        for id_, a in model.actions.items()
    }
    categories = {
        (category, risk): tuple(getattr(advice, risk))
        for category, advice in model.categories.items()
        for risk in Advice.model_fields
    }
    outcomes = {k: tuple(v) for k, v in model.outcomes.items()}
    return Playbook(actions, outcomes, categories, tuple(model.listening))


def _unknown(model: PlaybookFile, document: Document) -> list[Problem]:
    named: list[tuple[Place, str]] = [(("listening",), i) for i in model.listening]
    named += [(("outcomes", k), i) for k, ids in model.outcomes.items() for i in ids]
    for category, advice in model.categories.items():
        for risk in Advice.model_fields:
            named += [(("categories", category, risk), i) for i in getattr(advice, risk)]
    return [
        Problem(document.file, document.line(place), f"no action {id_!r}")
        for place, id_ in named if id_ not in model.actions
    ]
