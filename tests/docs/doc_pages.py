"""The pages as tests see them: text, code blocks, inline code, links, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: ``name`` is its page, for messages."""

    name: str
    kind: str
    text: str


def blocks(kind: str) -> list[Block]:
    """All fenced blocks of a kind, in order, without the indentation of their fence."""
    out = []
    for page in PAGES:
        for indent, found, body in _FENCE.findall(page.read_text("utf-8")):
            if found == kind:
                text = re.sub(rf"^{indent}", "", body, flags=re.M)
                out.append(Block(f"{page.name}#{len(out)}", kind, text))
    return out


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def inline(page: Path) -> list[str]:
    """Everything between single backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def anchors(page: Path) -> set[str]:
    """What a link may name after ``#``: headings as GitHub makes anchors of them."""
    out = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        out.add(plain.replace(" ", "-"))
    return out


def page(name: str) -> str:
    """The text of ``docs/name``."""
    return (ROOT / "docs" / name).read_text("utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table below ``heading``, without its head."""
    table = text.split(heading, 1)[1].split("\n|", 1)[1].split("\n\n")[0]
    lines = [line.strip("| ") for line in f"|{table}".splitlines()]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines[2:]]
