"""YAML with line numbers: plain values, and the line on which each of them stands."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import yaml

from voiceguard.errors import Problem

Place = tuple[str | int, ...]
_LARGEST = 2_000_000


class Document:
    """A YAML file read once.

    Attributes:
        value: plain dicts, lists and scalars; None where the file can't be read.
        problems: syntax errors, duplicate keys and aliases, with their lines.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._lines: dict[Place, int] = {}
        self.value: object = None
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                # An alias can make a small file unfold without end, so none is accepted.
                if isinstance(event, yaml.AliasEvent):
                    self._problem(event.start_mark.line, "aliases (*name) are not supported")
                    return
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
            self.value = None if node is None else self._build(node, ())
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line if error.problem_mark else 0
            self._problem(line, f"not valid YAML: {error.problem}")
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self._problem(0, f"not valid YAML: {str(error).splitlines()[0]}")

    @classmethod
    def read(cls, path: Path, shown: str) -> Document:
        """From a file; what can't be read becomes a problem."""
        try:
            data = path.read_bytes()
        except OSError as error:
            document = cls(shown, "")
            document.problems.append(Problem(shown, None, f"can't be read: {error.strerror}"))
            return document
        if len(data) > _LARGEST:
            document = cls(shown, "")
            document.problems.append(Problem(shown, None, "is larger than 2 MB"))
            return document
        try:
            return cls(shown, data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            document = cls(shown, "")
            line = data[: error.start].count(b"\n") + 1
            document.problems.append(Problem(shown, line, "is not UTF-8: save it as UTF-8"))
            return document

    def line(self, place: Place) -> int:
        """1-based line of the value at ``place``, or of the nearest value around it."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def _problem(self, line0: int, message: str) -> None:
        self.problems.append(Problem(self.file, line0 + 1, message))

    def _build(self, node: yaml.Node, place: Place) -> object:
        self._lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(child, (*place, i)) for i, child in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[object, object]:
        out: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, Hashable) or key is None:
                self._problem(key_node.start_mark.line, "a key must be a plain word")
                continue
            if key in out:
                self._problem(key_node.start_mark.line, f"key {key!r} stands twice")
            here = (*place, key if isinstance(key, int) else str(key))
            out[key] = self._build(value_node, here)
            self._lines[here] = key_node.start_mark.line + 1
        return out


def _scalar(node: yaml.Node) -> object:
    if node.tag == "tag:yaml.org,2002:str" and isinstance(node, yaml.ScalarNode):
        return node.value
    try:
        return yaml.constructor.SafeConstructor().construct_object(node, deep=True)
    except (ValueError, LookupError, OverflowError, AttributeError, TypeError):
        kind = str(node.tag).rsplit(":", 1)[-1]
        raise yaml.constructor.ConstructorError(
            None, None, f"this is no {kind}", node.start_mark
        ) from None
