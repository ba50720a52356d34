"""Where a condition was met within one turn."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from voiceguard.domain import How
from voiceguard.text import Normalised, Sounds, normalise, sounds


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch ``[start, end)`` of a turn's normalised text that meets a condition.

    Attributes:
        wanted: the phrase or pattern as written in the rule.
        score: 0 to 1; 1 is letter for letter.
    """

    start: int
    end: int
    how: How
    score: float
    wanted: str


class TurnText:
    """A turn's text in the layers that conditions are compared with, made when first needed.

    Attributes:
        possible: the patterns that may match, where somebody has looked; others are not tried.
    """

    def __init__(self, verbatim: str) -> None:
        self.verbatim = verbatim
        self.possible: frozenset[str] | None = None

    @cached_property
    def normalised(self) -> Normalised:
        return normalise(self.verbatim)

    @cached_property
    def sounds(self) -> Sounds:
        return sounds(self.normalised.text)

    @cached_property
    def classes(self) -> str:
        """The normalised text with each Chinese character as its class of sounds, one for one."""
        out = list(self.normalised.text)
        for code, at in zip(self.sounds.key, self.sounds.origin, strict=True):
            if "\u4e00" <= out[at] <= "\u9fff":
                out[at] = _short(code)
        return "".join(out)


@functools.cache
def _short(code: str) -> str:
    """A class of sounds as a private character; RE2's automata grow with the bytes of a character.

    Numbered as they are met: there are some 300 classes, and 5,000 such characters.
    """
    return chr(0xE400 + next(_numbers))


_numbers = itertools.count()


class Placed(Protocol):
    """What lies somewhere in a turn and can be better or worse."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def how(self) -> How: ...
    @property
    def score(self) -> float: ...
    @property
    def wanted(self) -> str: ...


Place = TypeVar("Place", bound=Placed)


def strongest(hits: Iterable[Place], most: int = 5) -> tuple[Place, ...]:
    """Hits that do not overlap, the best of each place, in order of place; at most ``most``.

    Of equal hits a phrase goes before a pattern, since people can read it.
    """
    kept: list[Place] = []

    def order(hit: Place) -> tuple[float, bool, int, int, str]:
        return -hit.score, hit.how == "regex", hit.start - hit.end, hit.start, hit.wanted

    for hit in sorted(hits, key=order):
        if all(hit.end <= k.start or k.end <= hit.start for k in kept):
            kept.append(hit)
    return tuple(sorted(kept[:most], key=lambda h: h.start))
