"""Figures in a page of the docs, between two marks."""

from __future__ import annotations

from pathlib import Path


def fill(page: Path, mark: str, made: str) -> None:
    """Replace what stands between the first two ``mark``s of ``page`` by ``made``.

    Raises:
        ValueError: the page does not hold the mark twice.
    """
    parts = page.read_text("utf-8").split(mark, 2)
    if len(parts) != 3:
        raise ValueError(f"{page.name} does not hold {mark} twice")
    page.write_text(f"{parts[0]}{mark}\n\n{made}\n\n{mark}{parts[2]}", "utf-8")
