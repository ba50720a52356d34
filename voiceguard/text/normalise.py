"""The normalised layer: what rules are compared with, and the way back to what was heard."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from voiceguard.text.simplify import simplify


@dataclass(frozen=True, slots=True)
class Normalised:
    """Comparable text with the way back.

    Attributes:
        text: simplified, half width, lower case, without spaces and punctuation.
        origin: for each character of ``text`` its index in the verbatim text.
    """

    text: str
    origin: tuple[int, ...]

    def chars(self, start: int, end: int) -> tuple[int, int]:
        """Half-open verbatim range of ``text[start:end]``; ``start < end``."""
        return self.origin[start], self.origin[end - 1] + 1


def normalise(verbatim: str) -> Normalised:
    """Normalise for comparison.

    Punctuation goes, because recognisers set it at will and a phrase must be found across it.
    """
    out: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(simplify(verbatim)):
        for part in unicodedata.normalize("NFKC", char).lower():
            if unicodedata.category(part)[0] in "LN" or part in "%+":
                out.append(part)
                origin.append(index)
    return Normalised("".join(out), tuple(origin))
