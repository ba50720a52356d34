"""Finding regular expressions in a turn, with RE2: linear time, whatever the pattern.

A library holds thousands of patterns, and a turn matches a few. RE2's filter (FilteredRE2) knows
the literals that each pattern can't do without; it looks for all of them at once and leaves only
the patterns that a text could match. Those are then tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from voiceguard.match.hit import Hit, TurnText
from voiceguard.rules import Pattern

#: Private characters: a pattern that every text is made to hold. Where the filter does not report
#: it, the filter has failed (RE2 then says "nothing found"), and every pattern is tried.
_CANARY = "\ue0f0\ue0f1"


class PatternIndex:
    """Patterns compiled together.

    Args:
        patterns: RE2 syntax; repeats count once.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        import re2

        self._texts = (*dict.fromkeys(patterns), _CANARY)
        self._filter = re2.Filter()
        for text in self._texts:
            self._filter.Add(text)
        self._filter.Compile()

    def compiled(self) -> dict[str, Any]:
        """Pattern → its compiled expression."""
        return {text: self._filter.re(i) for i, text in enumerate(self._texts)}

    def possible(self, text: str) -> frozenset[str]:
        """The patterns that may match ``text``: every one that does, and few others."""
        found = self._filter.Match(text + _CANARY, potential=True) or ()
        left = frozenset(self._texts[i] for i in found)
        return left if _CANARY in left else frozenset(self._texts)


class PatternFinder:
    """One pattern of an index."""

    def __init__(self, pattern: Pattern, compiled: Any) -> None:
        self._pattern = compiled
        self._wanted = pattern.text

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every place that the pattern matches, in order; empty matches do not count."""
        for found in self._pattern.finditer(turn.normalised.text):
            if found.end() > found.start():
                yield Hit(found.start(), found.end(), "regex", 1.0, self._wanted)
