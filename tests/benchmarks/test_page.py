from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.page import fill


def test_only_what_stands_between_the_marks_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- x -->\nb\n", "utf-8")
    fill(page, "<!-- x -->", "new")
    fill(page, "<!-- x -->", "newer")
    assert page.read_text("utf-8") == "a\n<!-- x -->\n\nnewer\n\n<!-- x -->\nb\n"


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a <!-- x --> b", "utf-8")
    with pytest.raises(ValueError, match="twice"):
        fill(page, "<!-- x -->", "new")
    assert page.read_text("utf-8") == "a <!-- x --> b"
