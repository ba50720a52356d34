from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.errors import RulesError, UsageError
from voiceguard.evaluate import check_examples
from voiceguard.rules import load_library, load_playbook
from voiceguard.rules.yaml_nodes import Document

GOOD = """\
library: {name: mine, version: 1.0.0}
rules:
  - id: anti_collection.taught
    title: {zh: 群里教的, en: Taught in a group}
    category: anti_collection
    severity: medium
    roles: [customer]
    any: [群里教我]
    examples: {hit: [群里教我这样说], miss: [群里通知开会]}
"""


def problems(tmp_path: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_library(tmp_path)
    return [str(p).removeprefix(f"{tmp_path}/") for p in caught.value.problems]


def test_a_good_file_loads(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    library = load_library(tmp_path)
    assert [r.id for r in library.rules] == ["anti_collection.taught"]
    assert library.used.libraries == (("mine", "1.0.0"),)
    assert library.rules[0].line == 3


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("any:", "anny:", 8, "unknown key"),
        ("severity: medium", "severity: huge", 6, "severity"),
        ("[群里教我]", "[{regex: '(群里'}]", 8, "not a valid pattern"),
        ("[群里教我]", "[{regex: '群?'}]", 8, "hit everywhere"),
        ("[群里教我]", "[{phrase: 群里, regex: 群里}]", 8, "either phrase or regex"),
        ("[群里教我]", "[群]", 8, "too short"),
        ("[群里教我]", "[…群里]", 8, "too short"),
        ("category: anti_collection", "category: nonsense", 5, "no category"),
        ("id: anti_collection.taught", "id: phishing.taught", 3, "must begin with"),
        ("miss: [群里通知开会]", "miss: []", 9, "miss"),
        ("miss: [群里通知开会]", "miss: [群里教我这样说]", 9, "both hit and miss"),
        ("    severity: medium\n", "    severity: medium\n    severity: low\n", 7, "twice"),
        ("roles: [customer]", "roles: [boss]", 7, "roles"),
        ("version: 1.0.0", "version: one", 1, "version"),
    ],
)
def test_a_problem_is_found_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    found = problems(tmp_path, mine=GOOD.replace(old, new))
    assert any(f.startswith(f"mine.yaml:{line}: ") and says in f for f in found), found


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, a=GOOD.replace("any:", "anny:"),
                     b=GOOD.replace("severity: medium", "severity: huge"), c="rules: [", d=GOOD,
                     e=GOOD)
    assert {f.split(":")[0] for f in found} == {"a.yaml", "b.yaml", "c.yaml", "e.yaml"}
    assert any("already used in" in f for f in found)


@pytest.mark.parametrize(
    "text",
    ["", "just words", "- a\n- b", "a: &x 1\nb: *x", "\t", "? [a]\n: b", "!!python/object:os.x y"],
)
def test_what_is_no_rule_file_is_refused(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, mine=text)


def test_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(RulesError) as caught:
        load_library(tmp_path)
    assert "UTF-8" in str(caught.value.problems[0])


def test_missing_or_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rule folder"):
        load_library(tmp_path / "none")
    with pytest.raises(UsageError, match="no rule files"):
        load_library(tmp_path)


@given(st.data())
def test_mutated_files_give_problems_or_rules_and_nothing_else(data: st.DataObject) -> None:
    import tempfile

    text = GOOD.encode()
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 12))
    junk = data.draw(st.binary(max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "mine.yaml").write_bytes(text[:at] + junk + text[at + cut :])
        try:
            library = load_library(Path(folder))
        except RulesError as error:
            assert error.problems
        else:
            assert library.rules


def test_lines_point_at_values() -> None:
    document = Document("x.yaml", "a: 1\nb:\n  - c: 2\n  - d: 3\n")
    assert document.line(("b", 1, "d")) == 4
    assert document.line(("b", 1, "unknown")) == 4


class TestShipped:
    def test_every_rule_passes_its_own_examples(self) -> None:
        assert check_examples(load_library().rules) == ()

    def test_every_category_has_rules_and_advice(self) -> None:
        library, playbook = load_library(), load_playbook()
        categories = {c.id for c in library.categories}
        assert {r.category for r in library.rules} == categories
        assert {c for c, _ in playbook.categories} == categories
        assert len(library.rules) >= 80

    def test_the_hash_changes_with_any_rule(self, tmp_path: Path) -> None:
        (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
        before = load_library(tmp_path).used.sha256
        (tmp_path / "mine.yaml").write_text(GOOD.replace("medium", "high"), encoding="utf-8")
        assert load_library(tmp_path).used.sha256 != before
