"""Named conditions and word lists: those of a file, and those that all files of a folder share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from voiceguard.errors import Problem
from voiceguard.rules.conditions import Condition
from voiceguard.rules.yaml_nodes import Document, Place

_NAME = re.compile(r"[a-zA-Z][\w-]*")
_RESERVED = {"and", "or", "not"}
#: Reads a raw condition; None where it has problems, which are noted in the document.
Read = Callable[[object, Document, Place, "Names"], Condition | None]


class BrokenName(ValueError):
    """A name whose own definition has problems, which are named there and not again."""


class Names:
    """What names mean in one file; what it does not define, its parent may."""

    def __init__(self, parent: Names | None = None) -> None:
        self.lists: dict[str, tuple[str, ...]] = dict(parent.lists) if parent else {}
        self._parent = parent
        self._raw: dict[str, tuple[object, Document, Place]] = {}
        self._made: dict[str, Condition | None] = {}
        self._open: list[str] = []
        self._read: Read | None = None

    def define(
        self, lists: Mapping[str, list[str]], conditions: Mapping[str, object],
        document: Document, read: Read, at: Place = (),
    ) -> None:
        """Take over the definitions at a place of a document; problems are noted in it."""
        for name, words in lists.items():
            place = (*at, "lists", name)
            if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
                _note(document, place, f"{name!r} is no name: lower-case letters, digits, - and _")
            elif not words or any(not w.strip() for w in words):
                _note(document, place, f"word list {name!r} has an empty entry or none")
            else:
                self.lists[name] = tuple(dict.fromkeys(w.strip() for w in words))
        self._read = read
        for name, raw in conditions.items():
            if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
                _note(document, (*at, "conditions", name), f"{name!r} is no name for a condition")
            self._raw[name] = raw, document, (*at, "conditions", name)
        for name in conditions:
            try:
                self.resolve(name)
            except BrokenName:
                continue

    @property
    def defined(self) -> dict[str, Condition]:
        """The sound definitions of this file itself."""
        return {name: made for name, made in self._made.items() if made is not None}

    def resolve(self, name: str) -> Condition:
        """What ``name`` means.

        Raises:
            ValueError: there is no such name, or it means itself.
            BrokenName: its definition has problems of its own.
        """
        if name not in self._raw:
            if self._parent is None:
                raise ValueError(f"no condition {name!r}")
            return self._parent.resolve(name)
        if name in self._open:
            chain = " → ".join([*self._open[self._open.index(name):], name])
            raise ValueError(f"condition {name!r} means itself: {chain}")
        if name not in self._made:
            assert self._read is not None
            raw, document, place = self._raw[name]
            self._open.append(name)
            self._made[name] = self._read(raw, document, place, self)
            self._open.pop()
        made = self._made[name]
        if made is None:
            raise BrokenName(name)
        return made


def _note(document: Document, place: Place, message: str) -> None:
    document.problems.append(Problem(document.file, document.line(place), message))
