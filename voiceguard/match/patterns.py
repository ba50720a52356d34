"""Finding a regular expression in a turn, with RE2: linear time, whatever the pattern."""

from __future__ import annotations

from collections.abc import Iterator

from voiceguard.match.hit import Hit, TurnText
from voiceguard.rules import Pattern


class PatternFinder:
    """One pattern, compiled."""

    def __init__(self, pattern: Pattern) -> None:
        import re2

        self._pattern = re2.compile(pattern.text)
        self._wanted = pattern.text

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every place that the pattern matches, in order; empty matches do not count."""
        for found in self._pattern.finditer(turn.normalised.text):
            if found.end() > found.start():
                yield Hit(found.start(), found.end(), "regex", 1.0, self._wanted)
