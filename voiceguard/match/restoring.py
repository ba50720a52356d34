"""Regular expressions by sound: where a recogniser wrote other characters of the same sound.

A pattern is written in characters. Rewritten in classes of sounds it is run over the turn in the
same classes, which finds every place where it *sounds* right. There the characters that the pattern
does not know, but knows one for of the same class, are put back (as few as will do), and the
pattern itself must match what results. So 交了三千块福务费 is found by 交了.{0,6}(服务费|咨询费)
although 服 was misheard, and what was put back is known, counted and shown.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Any

from voiceguard.match.hit import Hit, TurnText

#: A match must rest on so many characters that the pattern names; half as many may be put back as
#: were heard right, but one always.
LEAST = 5
#: So common that they stand for themselves: what was misheard is rarely written as one of these.
_COMMON = frozenset(
    "我你您他她们的了是不在有就都也要没去来说这那个好吗吧呢啊还给人到和跟叫让把被对得地着过"
    "一二两三四五六七八九十百千万"
)
_WAYS = 8  # of putting characters back that are tried in one place


def _han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def pattern_in_classes(pattern: str) -> str | None:
    """The pattern over classes; None where that can't be said: ranges of characters."""
    for i, char in enumerate(pattern[1:-1], 1):
        if char == "-" and (_han(pattern[i - 1]) or _han(pattern[i + 1])):
            return None
    if "\\x" in pattern or "\\p" in pattern or not any(map(_han, pattern)):
        return None
    return "".join(class_of(c) if _han(c) else c for c in pattern)


@functools.cache
def class_of(char: str) -> str:
    """The class of sounds of a Chinese character on its own."""
    return TurnText(char).classes


class RestoringFinder:
    """One pattern by sound.

    Args:
        pattern: as written.
        exact: it, compiled.
        over_classes: ``pattern_in_classes(pattern)``, compiled.
    """

    def __init__(self, pattern: str, exact: Any, over_classes: Any) -> None:
        self._exact, self._over_classes = exact, over_classes
        self._literals = frozenset(c for c in pattern if _han(c))
        self._pairs, self._triples = words_of(pattern, 2), words_of(pattern, 3)
        self._of_class: dict[str, list[str]] = {}
        for char in sorted({c for pair in self._pairs for c in pair}):
            self._of_class.setdefault(class_of(char), []).append(char)

    @classmethod
    def of(cls, pattern: str, exact: Any) -> RestoringFinder | None:
        """None for a pattern that can't be said in classes of sounds."""
        import re2

        spoken = pattern_in_classes(pattern)
        return None if spoken is None else cls(pattern, exact, re2.compile(spoken))

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Places where the pattern sounds right but is not written so."""
        text, classes = turn.normalised.text, turn.classes
        for found in self._over_classes.finditer(classes):
            start, end = found.start(), found.end()
            if end > start:
                hit = self._restored(text[start:end], classes[start:end], start)
                if hit is not None:
                    yield hit

    def _restored(self, heard: str, classes: str, start: int) -> Hit | None:
        other = [
            i for i, (char, code) in enumerate(zip(heard, classes, strict=True))
            if _han(char) and char not in self._literals and char not in _COMMON
            and code in self._of_class
        ]
        right = sum(c in self._literals for c in heard)
        most = max(1, right // 2)
        choices = [self._of_class[classes[i]] for i in other]
        for chosen in itertools.islice(itertools.product(*choices), _WAYS):
            put = dict(zip(other, chosen, strict=True))
            if not self._matches(heard, put):
                continue
            for i in other:  # as few as will do
                fewer = {k: v for k, v in put.items() if k != i}
                if self._matches(heard, fewer):
                    put = fewer
            if put and len(put) <= most and right + len(put) >= LEAST \
                    and self._inwords_of(heard, put):
                share = len(put) / (right + len(put))
                return Hit(start, start + len(heard), "sound", round(1 - 0.3 * share, 3),
                           _with(heard, put))
            return None
        return None

    def _inwords_of(self, heard: str, put: dict[int, str]) -> bool:
        """Whether every character put back makes a word of the pattern with those beside it: of two
        characters, where it has the tone of what was heard, else of three. On its own a character
        has dozens of the same sound, and any of them would turn up somewhere."""
        text = _with(heard, put)

        def part_of(words: frozenset[str], size: int, i: int) -> bool:
            return any(text[k : k + size] in words for k in range(max(i - size + 1, 0), i + 1))

        return all(
            part_of(self._triples, 3, i)
            or (_tone(heard[i]) == _tone(char) and part_of(self._pairs, 2, i))
            for i, char in put.items()
        )

    def _matches(self, heard: str, put: dict[int, str]) -> bool:
        return self._exact.fullmatch(_with(heard, put)) is not None


def words_of(pattern: str, size: int) -> frozenset[str]:
    """So many Chinese characters side by side in a pattern, not in a class of characters."""
    plain = re.sub(r"\[[^\]]*\]|\\.", " ", pattern)
    runs = (plain[i : i + size] for i in range(len(plain) - size + 1))
    return frozenset(run for run in runs if all(map(_han, run)))


@functools.cache
def _tone(char: str) -> str:
    pinyin = TurnText(char).sounds.pinyin
    return pinyin[0][-1] if pinyin else ""


def _with(heard: str, put: dict[int, str]) -> str:
    return "".join(put.get(i, c) for i, c in enumerate(heard))
