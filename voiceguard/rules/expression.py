"""Boolean expressions over names: ``a && (b || !c)``; also ``and``, ``or``, ``not``."""

from __future__ import annotations

import re
from collections.abc import Callable

from voiceguard.rules.conditions import All, Any, Condition, Not

_TOKEN = re.compile(r"\s*(&&|\|\||!|\(|\)|[a-zA-Z][\w-]*)")
_WORDS = {"and": "&&", "or": "||", "not": "!"}
_DEEPEST = 40


def parse_expression(text: str, resolve: Callable[[str], Condition]) -> Condition:
    """The condition that ``text`` stands for; ``!`` binds closest, then ``&&``, then ``||``.

    Args:
        resolve: a name → its condition.

    Raises:
        ValueError: with one sentence about what is wrong, or whatever ``resolve`` raises.
    """
    return _Reader(text, resolve).read()


class _Reader:
    def __init__(self, text: str, resolve: Callable[[str], Condition]) -> None:
        self._resolve, self._text = resolve, text
        self._tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"expression: can't read {text[at:at + 12].strip()!r}")
            token = match.group(1)
            self._tokens.append(_WORDS.get(token.lower(), token))
            at = match.end()
        self._at = 0

    def read(self) -> Condition:
        found = self._any(0)
        if self._next() is not None:
            raise ValueError(f"expression: {self._next()!r} is not expected")
        return found

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _any(self, depth: int) -> Condition:
        parts = [self._all(depth)]
        while self._next() == "||":
            self._at += 1
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._next() == "&&":
            self._at += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise ValueError("expression: is nested too deeply")
        token = self._next()
        self._at += 1
        if token == "!":
            return Not(self._one(depth + 1))
        if token == "(":
            inner = self._any(depth + 1)
            if self._next() != ")":
                raise ValueError("expression: a bracket has no end")
            self._at += 1
            return inner
        if token is None or token in ("&&", "||", ")"):
            raise ValueError("expression: a name is missing" if token is None
                             else f"expression: a name is missing before {token!r}")
        return self._resolve(token)
