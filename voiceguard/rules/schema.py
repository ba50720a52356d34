"""The shape of rule files, checked by pydantic; nothing beyond this module sees raw YAML."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voiceguard.domain import Role, Severity


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Titles(_Strict):
    """A title in Chinese and in English."""

    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=120)


class ConditionModel(_Strict):
    """``phrase`` or ``regex``; a bare string is a phrase."""

    phrase: str | None = Field(None, min_length=1, max_length=60)
    sound: bool = True
    regex: str | None = Field(None, min_length=1, max_length=400)


def _bare(value: Any) -> Any:
    return {"phrase": value} if isinstance(value, str) else value


ConditionField = Annotated[ConditionModel, BeforeValidator(_bare)]


class Examples(_Strict):
    """Turns that the rule must flag, and turns that it must leave alone."""

    hit: list[str] = Field(min_length=1)
    miss: list[str] = Field(min_length=1)


class RuleModel(_Strict):
    """One rule as written."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9][a-z0-9-]*$")
    title: Titles
    category: str
    severity: Severity
    roles: list[Role] = Field(min_length=1)
    any: list[ConditionField] = Field(min_length=1)
    unless: list[ConditionField] = Field(default_factory=list)
    note: str = Field("", max_length=300)
    examples: Examples


class LibraryHead(_Strict):
    """Name and version of the library that a file belongs to."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_.-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")


class RuleFile(_Strict):
    """A file of rules."""

    library: LibraryHead
    rules: list[Any] = Field(min_length=1)


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
