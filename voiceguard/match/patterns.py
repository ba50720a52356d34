"""Finding regular expressions in a turn, with RE2: linear time, whatever the pattern.

A library holds thousands of patterns, and a turn matches a few. RE2's filter (FilteredRE2) knows
the literals that each pattern can't do without; it looks for all of them at once and leaves only
the patterns that a text could match. Those are then tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from voiceguard.match.hit import Hit, TurnText
from voiceguard.match.restoring import (
    RestoringFinder,
    class_of,
    pattern_in_classes,
    words_of,
)

#: Private characters: a pattern that every text is made to hold. Where the filter does not report
#: it, the filter has failed (RE2 then says "nothing found"), and every pattern is tried.
_CANARY = "\ue0f0\ue0f1"
#: Patterns in one filter: it refuses too many, after it has compiled them.
_TOGETHER = 300


class PatternIndex:
    """Patterns compiled together.

    Args:
        patterns: RE2 syntax; repeats count once.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        texts = tuple(dict.fromkeys(patterns))
        self._filters = [
            made for at in range(0, max(len(texts), 1), _TOGETHER)
            for made in _filters(texts[at : at + _TOGETHER])
        ]

    def compiled(self) -> dict[str, Any]:
        """Pattern → its compiled expression."""
        return {text: each.re(i) for each, texts in self._filters for i, text in enumerate(texts)}

    def possible(self, text: str) -> frozenset[str]:
        """The patterns that may match ``text``: every one that does, and few others."""
        left: set[str] = set()
        for each, texts in self._filters:
            found = {texts[i] for i in each.Match(text + _CANARY, potential=True) or ()}
            left |= found if _CANARY in found else set(texts)
        return frozenset(left - {_CANARY})


def _filters(patterns: tuple[str, ...]) -> list[tuple[Any, tuple[str, ...]]]:
    """Filters of RE2 with their patterns; two of half the size where one grows too large for it."""
    import re2

    texts = (*patterns, _CANARY)
    one = re2.Filter()
    for text in texts:
        one.Add(text)
    try:
        one.Compile()
    except re2.error:
        if len(patterns) < 2:
            raise
        half = len(patterns) // 2
        return _filters(patterns[:half]) + _filters(patterns[half:])
    return [(one, texts)]


class Patterns:
    """All patterns of a library, as written and by sound."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._written = PatternIndex(patterns)
        exact = self._written.compiled()
        exact.pop(_CANARY)
        self._finders = {text: PatternFinder(text, one) for text, one in exact.items()}
        self._by_pair: dict[str, dict[str, set[str]]] = {}
        for text in exact:
            if pattern_in_classes(text) is not None:
                for pair in words_of(text, 2):
                    ways = self._by_pair.setdefault("".join(map(class_of, pair)), {})
                    ways.setdefault(pair, set()).add(text)

    def finder(self, pattern: str) -> PatternFinder:
        """What looks for ``pattern``, which is one of those given."""
        return self._finders[pattern]

    def possible(self, turn: TurnText) -> frozenset[str]:
        """The patterns that may be found in ``turn``: every one that is, and few others.

        By sound a pattern can be found only where two characters sound like two of its own that
        stand side by side, and are written otherwise.
        """
        found = set(self._written.possible(turn.normalised.text))
        text, classes = turn.normalised.text, turn.classes
        for i in range(len(text) - 1):
            for pair, patterns in self._by_pair.get(classes[i : i + 2], {}).items():
                if pair != text[i : i + 2]:
                    found |= patterns
        return frozenset(found)


class PatternFinder:
    """One pattern, as written and, where it is not written so, by sound."""

    def __init__(self, pattern: str, compiled: Any) -> None:
        self._wanted, self._pattern = pattern, compiled

    @cached_property
    def _by_sound(self) -> RestoringFinder | None:
        """Made when first needed: few patterns ever are."""
        return RestoringFinder.of(self._wanted, self._pattern)

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every place that the pattern matches, in order; empty matches do not count."""
        if turn.possible is not None and self._wanted not in turn.possible:
            return
        written = False
        for found in self._pattern.finditer(turn.normalised.text):
            if found.end() > found.start():
                written = True
                yield Hit(found.start(), found.end(), "regex", 1.0, self._wanted)
        if not written and self._by_sound is not None:
            yield from self._by_sound.find(turn)
