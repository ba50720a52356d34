"""Figures as Markdown, and their places in a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.samples import plain
from benchmarks.speed.clock import Timed


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def seconds(timed: Timed) -> str:
    """Median and minimum."""
    return f"{timed.median:.2f} ({timed.minimum:.2f})"


def ratio(slow: Timed, fast: Timed) -> str:
    """How many times faster the second is: by medians, and by minima."""
    return f"{slow.median / fast.median:.2f} × ({slow.minimum / fast.minimum:.2f} ×)"


def against(value: float, target: float, least: bool = True, digits: int = 2) -> str:
    """A figure with its target, and plainly whether it is met."""
    met = value >= target if least else value <= target
    sign = "≥" if least else "≤"
    return f"{value:.{digits}f} (target {sign} {target:g}: {'met' if met else '**missed**'})"


def character_errors(wanted: Sequence[str], found: Sequence[str]) -> float:
    """CER over several texts: errors ÷ true characters."""
    from rapidfuzz.distance import Levenshtein

    pairs = [(plain(a), plain(b)) for a, b in zip(wanted, found, strict=True)]
    return sum(Levenshtein.distance(a, b) for a, b in pairs) / sum(len(a) for a, _ in pairs)


def put(page: Path, sections: Mapping[str, str]) -> None:
    """Fill the places ``<!-- name -->`` … ``<!-- /name -->`` of a page.

    Raises:
        ValueError: the page has no such place.
    """
    text = page.read_text("utf-8")
    for name, body in sections.items():
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, found, rest = text.partition(opening)
        _, ended, after = rest.partition(closing)
        if not (found and ended):
            raise ValueError(f"{page.name} has no place {opening} … {closing}")
        text = f"{before}{opening}\n\n{body}\n\n{closing}{after}"
    page.write_text(text, "utf-8")
