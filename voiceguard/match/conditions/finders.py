"""What finds each kind of words in a turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voiceguard.match.conditions.instant import Finder
from voiceguard.match.hit import Hit, TurnText
from voiceguard.match.patterns import Patterns
from voiceguard.match.phrases import PhraseFinder
from voiceguard.rules import conditions as c
from voiceguard.text import normalise, sounds
from voiceguard.text.entities import find_entities
from voiceguard.text.numbers import find_numbers

_NUMBER = {"number": "数字", "amount": "金额", "percent": "百分比", "duration": "期限"}
_ENTITY = {"phone": "电话号码", "id_card": "身份证号", "bank_card": "银行卡号", "date": "日期"}


def finder(
    leaf: c.Phrase | c.Wording | c.Pattern | c.Number | c.Entity | c.Like, patterns: Patterns
) -> Finder:
    """The finder of a condition about words."""
    match leaf:
        case c.Phrase():
            return _phrase(leaf)
        case c.Wording():
            return OneOf([_phrase(way) for way in leaf.ways])
        case c.Pattern():
            return patterns.finder(leaf.text)
        case c.Number():
            return NumberFinder(leaf)
        case c.Entity():
            return EntityFinder(leaf)
        case c.Like():
            return LikeFinder(leaf)


def _phrase(phrase: c.Phrase) -> Finder:
    found: Finder = PhraseFinder(phrase)
    if phrase.tolerance and len(phrase.pieces) == 1:
        found = TolerantFinder(found, phrase, phrase.tolerance)
    if phrase.tolerance == 0:
        found = Kept(found, frozenset(("exact", "sound", "near")))
    return Toned(found, phrase) if phrase.tone else found


class OneOf:
    """The ways in which a phrase with choices can be said."""

    def __init__(self, finders: Sequence[Finder]) -> None:
        self._finders = finders

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """The places of every way."""
        for one in self._finders:
            yield from one.find(turn)


class Kept:
    """Only hits that were found in certain ways."""

    def __init__(self, inner: Finder, hows: frozenset[str]) -> None:
        self._inner, self._hows = inner, hows

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """The hits that are kept."""
        return (hit for hit in self._inner.find(turn) if hit.how in self._hows)


class Toned:
    """Only hits in which no syllable has another tone than in the phrase."""

    def __init__(self, inner: Finder, phrase: c.Phrase) -> None:
        self._inner = inner
        self._tones = [s[-1] for piece in phrase.pieces for s in sounds(piece).pinyin]
        self._plain = len(phrase.pieces) == 1

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """The hits whose tones are right; tones of phrases with a gap are not compared."""
        for hit in self._inner.find(turn):
            if hit.how == "exact" or not self._plain:
                yield hit
                continue
            heard = turn.sounds
            tones = [s[-1] for s, at in zip(heard.pinyin, heard.origin, strict=True)
                     if hit.start <= at < hit.end]
            if tones == self._tones:
                yield hit


class TolerantFinder:
    """A phrase of which the rule says how many syllables may be wrong, missing or too many.

    Every end of a stretch within the tolerance is found in one pass over the turn (Sellers, "The
    theory and computation of evolutionary distances", 1980); of overlapping ones the nearest
    counts.
    """

    def __init__(self, inner: Finder, phrase: c.Phrase, tolerance: int) -> None:
        self._inner, self._wanted, self._tolerance = inner, phrase.text, tolerance
        self._sounds = sounds(phrase.pieces[0])
        # A tolerance of half the phrase would find it in anything.
        self._tolerance = min(tolerance, max(0, (len(self._sounds.key) - 1) // 2))

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """The hits of the phrase itself, then those within the tolerance elsewhere."""
        taken = []
        for hit in self._inner.find(turn):
            taken.append(hit)
            yield hit
        for errors, a, b in sorted(self._ends(turn.sounds.key)):
            start, end = turn.sounds.origin[a], turn.sounds.origin[b - 1] + 1
            if all(end <= t.start or t.end <= start for t in taken):
                size = max(b - a, len(self._sounds.key))
                hit = Hit(start, end, "fuzzy", round(1 - errors / size, 3), self._wanted)
                taken.append(hit)
                yield hit

    def _ends(self, heard: str) -> Iterator[tuple[int, int, int]]:
        wanted = self._sounds.key
        if not wanted:
            return
        # Row j: (errors, where the stretch began) for the first i syllables ending at j.
        row = [(i, 0) for i in range(len(wanted) + 1)]
        for j, syllable in enumerate(heard, 1):
            diagonal, row[0] = row[0], (0, j)
            for i, want in enumerate(wanted, 1):
                same = (diagonal[0] + (want != syllable), diagonal[1])
                diagonal = row[i]
                row[i] = min(same, (row[i][0] + 1, row[i][1]), (row[i - 1][0] + 1, row[i - 1][1]))
            errors, began = row[-1]
            if errors <= self._tolerance and began < j:
                yield errors, began, j


class LikeFinder:
    """Stretches of a turn that sound much like one of some sentences."""

    def __init__(self, like: c.Like) -> None:
        self._examples = [(s, sounds(normalise(s).text).key) for s in like.sentences]
        self._cutoff = 100 * like.score

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """The stretch most like each example, where it is like enough."""
        from rapidfuzz import fuzz

        heard = turn.sounds
        for sentence, key in self._examples:
            # A turn shorter than the example would be found within it, whatever it says.
            if len(heard.key) < self._cutoff / 100 * len(key):
                continue
            found = fuzz.partial_ratio_alignment(key, heard.key, score_cutoff=self._cutoff)
            if found is not None and found.dest_end > found.dest_start:
                start = heard.origin[found.dest_start]
                end = heard.origin[found.dest_end - 1] + 1
                yield Hit(start, end, "fuzzy", round(found.score / 100, 3), sentence)


class NumberFinder:
    """Numbers of a kind, within bounds."""

    def __init__(self, number: c.Number) -> None:
        self._number = number

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every such number, in order."""
        want = self._number
        text, at = _with_points(turn)
        for found in find_numbers(text):
            if want.kind not in ("number", found.kind):
                continue
            low, high = want.at_least, want.at_most
            if (low is None or found.value >= low) and (high is None or found.value <= high):
                wanted = f"{_NUMBER[want.kind]}{_between(low, high)}"
                yield Hit(at[found.start], at[found.end - 1] + 1, "exact", 1.0, wanted)


def _with_points(turn: TurnText) -> tuple[str, list[int]]:
    """The normalised text with the decimal points of ``3.5万``, which normalising drops, and for
    each character its index in the normalised text."""
    text, origin = turn.normalised.text, turn.normalised.origin
    out, at = [], []
    for i, char in enumerate(text):
        if (
            i and char.isdigit() and text[i - 1].isdigit()
            and turn.verbatim[origin[i - 1] + 1 : origin[i]] in (".", "．")
        ):
            out.append("点")
            at.append(i - 1)
        out.append(char)
        at.append(i)
    return "".join(out), at


def _between(low: float | None, high: float | None) -> str:
    least = "" if low is None else f"≥{low:g}"
    most = "" if high is None else f"≤{high:g}"
    return least + most


class EntityFinder:
    """Telephone numbers, identity cards and the like."""

    def __init__(self, entity: c.Entity) -> None:
        self._kind = entity.kind

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every one, in order."""
        for found in find_entities(turn.normalised.text, self._kind):
            yield Hit(found.start, found.end, "exact", 1.0, _ENTITY[self._kind])
