"""Traditional to simplified characters, through OpenCC."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC


@functools.cache
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """``text`` in simplified characters, of the same length.

    A conversion that would change the length (rare: OpenCC maps a few words to longer ones) is
    done character by character, so that offsets into the one are offsets into the other.
    """
    if text.isascii():
        return text
    converted: str = _converter().convert(text)
    if len(converted) == len(text):
        return converted
    singles = (_converter().convert(char) for char in text)
    return "".join(s if len(s) == 1 else c for s, c in zip(singles, text, strict=True))
