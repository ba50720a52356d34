"""How a phrase is written: ``…`` for a gap, ``(可选)``, ``[甲|乙]`` and ``%list``.

A phrase with choices stands for a number of plain ones, which are written out here once, so that
searching knows only plain phrases.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from voiceguard.rules.conditions import Phrase, Wording
from voiceguard.text import normalise

#: Plain phrases that one phrase may stand for.
MOST_WAYS = 1024
_GAP = re.compile(r"…+|\.{3,}")
_TOKEN = re.compile(r"%([a-z][a-z0-9_-]*)|[\[\]|()（）［］｜]|[^%\[\]|()（）［］｜]+|%")
_PLAIN = str.maketrans("（）［］｜", "()[]|")

Lists = Mapping[str, Sequence[str]]


def phrase(
    text: str, lists: Lists, sound: bool = True, tolerance: int | None = None, tone: bool = False
) -> Phrase | Wording:
    """The phrase that ``text`` means.

    Raises:
        ValueError: with one sentence, where it can't be read or says too little.
    """
    ways = tuple(dict.fromkeys(_ways(text, lists)))
    phrases = tuple(_plain(way, text, sound, tolerance, tone) for way in ways)
    if len(phrases) == 1 and phrases[0].text == text:
        return phrases[0]
    return Wording(text, phrases)


def _plain(way: str, written: str, sound: bool, tolerance: int | None, tone: bool) -> Phrase:
    shown = repr(written) if way == written else f"{written!r}, as {way!r},"
    pieces = tuple(normalise(part).text for part in _GAP.split(way))
    if not all(pieces) or (len(pieces) == 1 and len(pieces[0]) < 2):
        raise ValueError(f"phrase {shown} is too short: two characters or more, "
                         "and something on both sides of a gap")
    if len("".join(pieces)) < 3 and len(pieces) > 1:
        raise ValueError(f"phrase {shown} says too little around its gap")
    return Phrase(way, pieces, sound, tolerance, tone)


def _ways(text: str, lists: Lists) -> list[str]:
    tokens = [(m.group().translate(_PLAIN), m.group(1)) for m in _TOKEN.finditer(text)]
    ways, at = _choices(tokens, 0, lists, text)
    if at < len(tokens):
        raise ValueError(f"phrase {text!r} has a {tokens[at][0]!r} without its beginning")
    return ways


def _choices(
    tokens: list[tuple[str, str | None]], at: int, lists: Lists, text: str, until: str = ""
) -> tuple[list[str], int]:
    """Alternatives up to the closing bracket ``until``, and the index after it."""
    done: list[str] = []
    ways = [""]
    while at < len(tokens):
        token, name = tokens[at]
        at += 1
        if name is not None:
            if name not in lists:
                raise ValueError(f"phrase {text!r}: no word list {name!r}")
            ways = _joined(ways, list(lists[name]), text)
        elif token in "[(" and token:
            inner, at = _choices(tokens, at, lists, text, "]" if token == "[" else ")")
            ways = _joined(ways, ["", *inner] if token == "(" else inner, text)
        elif token == until and until:
            return [*done, *ways], at
        elif token == "|" and until == "]":
            done += ways
            ways = [""]
        elif token in ("]", ")", "|"):
            return ways, at - 1
        else:
            ways = [way + token for way in ways]
    if until:
        raise ValueError(f"phrase {text!r} has a bracket without its end")
    return ways, at


def _joined(ways: list[str], choices: list[str], text: str) -> list[str]:
    if len(ways) * len(choices) > MOST_WAYS:
        raise ValueError(f"phrase {text!r} stands for more than {MOST_WAYS} phrases: split it")
    return [a + b for a, b in itertools.product(ways, choices)]
