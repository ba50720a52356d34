"""A line of business chooses, overrides, leaves out and adds, without touching shipped files."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceguard.errors import RulesError, UsageError
from voiceguard.rules import load_library

LIBRARY = """\
library: {name: %s, version: 1.0.0}
rules:
  - id: anti_collection.%s
    title: {zh: 规则, en: Rule}
    category: anti_collection
    severity: medium
    roles: [customer]
    any: [群里教我]
    examples: {hit: [群里教我这样说], miss: [群里通知开会]}
"""
SETS = """\
rulesets:
  cards:
    version: 2.0.0
    libraries: [one]
    severity: {anti_collection.one: critical}
    lists: {who: [老师, 群主]}
    rules:
      - id: anti_collection.local
        title: {zh: 本地, en: Local}
        category: anti_collection
        severity: low
        roles: [customer]
        any: ['找%who']
        unless: [{use: asked}]
        examples: {hit: [找群主], miss: [没有]}
  loans: {version: 1.0.0, disable: [anti_collection.two]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "rules"
    inside.mkdir()
    for name in ("one", "two"):
        (inside / f"{name}.yaml").write_text(LIBRARY % (name, name), "utf-8")
    return inside


def test_a_ruleset_of_the_folder(folder: Path) -> None:
    (folder / "rulesets.yaml").write_text(SETS, "utf-8")
    library = load_library(folder)
    assert {r.library for r in library.rules} == {"one", "two"}
    cards = library.only("cards")
    assert [(r.id, r.severity) for r in cards.rules] == [
        ("anti_collection.one", "critical"), ("anti_collection.local", "low")]
    assert cards.used.libraries == (("one", "1.0.0"), ("cards", "2.0.0"))
    assert cards.used.sha256 != library.used.sha256
    assert [r.id for r in library.only("loans").rules] == ["anti_collection.one"]
    assert [r.id for r in library.only("one").rules] == ["anti_collection.one"]
    with pytest.raises(UsageError, match="no rule library 'none'"):
        library.only("none")


def test_a_ruleset_in_a_file_of_its_own(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SETS, "utf-8")
    library = load_library(folder)
    assert len(library.only(f"{path}#cards").rules) == 2
    with pytest.raises(UsageError, match="there are cards, loans"):
        library.only(str(path))
    path.write_text("rulesets: {only: {version: 1.0.0}}", "utf-8")
    assert len(library.only(str(path)).rules) == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("libraries: [one]", "libraries: [three]", 4, "no rule library 'three'"),
        ("{anti_collection.one: critical}", "{anti_collection.two: low}", 5, "no rule"),
        ("{anti_collection.one: critical}", "{anti_collection.one: huge}", 5, "severity"),
        ("anti_collection.local", "anti_collection.one", 8, "is already used"),
        ("找%who", "找%whom", 13, "no word list"),
        ("version: 2.0.0", "version: two", 3, "version"),
        ("rules:\n", "rulez:\n", 7, "unknown key"),
    ],
)
def test_problems_have_their_lines(
    folder: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in SETS
    (folder / "rulesets.yaml").write_text(SETS.replace(old, new), "utf-8")
    with pytest.raises(RulesError) as caught:
        load_library(folder).only("cards")
    found = [str(p) for p in caught.value.problems]
    assert any(f":{line}: " in f and says in f for f in found), found
