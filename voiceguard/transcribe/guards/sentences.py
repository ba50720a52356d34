"""Texts that are known beforehand: sentences that recognisers invent, and their own hints."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from voiceguard.text import normalise, sounds
from voiceguard.transcribe.guards.doubt import Doubt, can_be_said, explains
from voiceguard.transcribe.guards.heard import Heard
from voiceguard.transcribe.options import GuardOptions

#: A sign-off beside which the window says no more characters than this is not believed.
_LITTLE_ELSE = 4
_REST, _PAUSE_MS = 3, 300
#: Longest name after a credit that ends in …
_NAME = 8
#: So many hints in a row, in the order in which they were given, and hardly anything else.
_HINTS_IN_ROW = 3
_HARDLY_ELSE = 0.7


@dataclass(frozen=True, slots=True)
class _Known:
    text: str
    named: bool = False

    @property
    def edits(self) -> int:
        """Characters that may be wrong."""
        size = len(self.text)
        return 0 if size < 6 else 1 if size < 10 else 2


@dataclass(frozen=True, slots=True)
class _Book:
    credits: tuple[_Known, ...]
    by_pair: dict[str, tuple[int, ...]]
    sign_offs: tuple[str, ...]
    sign_off_keys: frozenset[str]


def known_inventions(heard: Heard, options: GuardOptions) -> list[Doubt]:
    """Credits wherever they stand; sign-offs where the window says little else or where there is
    neither sound nor time for them, else they are marked."""
    out = [Doubt("known_invention", a, b) for a, b in _with_rests(heard, _credits(heard.text))]
    covered = {i for d in out for i in range(d.a, d.b)}
    for a, b in _sign_offs(heard.text):
        if covered.isdisjoint(range(a, b)):
            others = len(heard.text) - len(covered) - (b - a)
            believed = others > _LITTLE_ELSE and can_be_said(heard, a, b, options.rate)
            out.append(Doubt("maybe_invented" if believed else "known_invention", a, b,
                             drop=not believed))
            covered.update(range(a, b))
    return out


def echoed_hints(heard: Heard, options: GuardOptions) -> list[Doubt]:
    """Hints in the order in which they were given.

    Three in a row that are nearly all that a piece says, or any that there was no time to say, are
    dropped; what somebody may have said is marked.
    """
    hints = tuple(h for h in (normalise(hint).text for hint in options.hints) if h)
    out = []
    for a, b, count in _in_order(heard.text, hints):
        pieces = {c.piece for c in heard.chars[a:b]}
        beside = sum(c.piece in pieces for c in heard.chars)
        alone = (b - a) >= _HARDLY_ELSE * beside
        said = can_be_said(heard, a, b, options.rate) and (not alone or explains(heard, a, b))
        if not said or (alone and count >= min(_HINTS_IN_ROW, max(2, len(hints)))):
            out.append(Doubt("echoed_hints", a, b))
        elif count > 1:
            out.append(Doubt("maybe_invented", a, b, drop=False))
    return out


@functools.cache
def _book() -> _Book:
    import yaml

    raw = yaml.safe_load(files("voiceguard.transcribe.guards").joinpath("sentences.yaml")
                         .read_text("utf-8"))
    credits = tuple(dict.fromkeys(
        _Known(normalise(line).text, line.endswith("…")) for line in raw["credits"]))
    pairs: dict[str, list[int]] = {}
    for i, known in enumerate(credits):
        for pair in {known.text[k : k + 2] for k in range(len(known.text) - 1)}:
            pairs.setdefault(pair, []).append(i)
    sign_offs = tuple(normalise(line).text for line in raw["sign_offs"])
    return _Book(credits, {p: tuple(i) for p, i in pairs.items()},
                 tuple(sorted(sign_offs, key=len, reverse=True)),
                 frozenset(sounds(s).key for s in sign_offs if not s.isascii()))


def _credits(text: str) -> list[tuple[int, int]]:
    """Where credits stand; a pair of neighbouring characters shared finds the few to compare."""
    book = _book()
    shared = Counter(i for pair in {text[k : k + 2] for k in range(len(text) - 1)}
                     for i in book.by_pair.get(pair, ()))
    out = []
    for i, count in shared.items():
        known = book.credits[i]
        if count >= len(set(zip(known.text, known.text[1:], strict=False))) - 2 * known.edits:
            out += list(_found(known, text))
    return _joined(out)


def _with_rests(heard: Heard, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges with a character or three beside them that nothing but a misspelling left over: all
    else of their piece, and without a pause between."""
    out = []
    for a, b in ranges:
        low, high = a, b
        while low > 0 and _runs_on(heard, low - 1, low):
            low -= 1
        while high < len(heard.chars) and _runs_on(heard, high - 1, high):
            high += 1
        out.append((low if a - low <= _REST else a, high if high - b <= _REST else b))
    return _joined(out)


def _runs_on(heard: Heard, i: int, j: int) -> bool:
    one, other = heard.chars[i], heard.chars[j]
    return one.piece == other.piece and other.start - one.end < _PAUSE_MS


def _found(known: _Known, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(known.text)
    if at < 0 and known.edits:
        place = fuzz.partial_ratio_alignment(known.text, text, score_cutoff=60)
        best = min(
            ((Levenshtein.distance(known.text, text[a:b]), b - a, a, b)
             for a in range(max(0, place.dest_start - 2), place.dest_start + 3)
             for b in range(place.dest_end - 2, min(len(text), place.dest_end + 2) + 1) if a < b),
            default=None,
        ) if place else None
        if best and best[0] <= known.edits:
            yield best[2], _with_name(known, text, best[3])
    while at >= 0:
        end = at + len(known.text)
        yield at, _with_name(known, text, end)
        at = text.find(known.text, end)


def _with_name(known: _Known, text: str, end: int) -> int:
    return len(text) if known.named and len(text) - end <= _NAME else end


def _sign_offs(text: str) -> list[tuple[int, int]]:
    """Where sign-offs stand; a whole text that only sounds like one is one."""
    book = _book()
    out = []
    for known in book.sign_offs:
        at = text.find(known)
        while at >= 0:
            out.append((at, at + len(known)))
            at = text.find(known, at + len(known))
    if not out and 3 <= len(text) <= 12 and not text.isascii() \
            and sounds(text).key in book.sign_off_keys:
        out.append((0, len(text)))
    return _joined(out)


def _in_order(text: str, hints: tuple[str, ...]) -> Iterator[tuple[int, int, int]]:
    """Ranges in which hints follow each other in their order, and how many."""
    at = 0
    while at < len(text) and hints:
        best = (at, 0)
        for first, hint in enumerate(hints):
            if not text.startswith(hint, at):
                continue
            end, count = at, 0
            for follower in hints[first:]:
                if not text.startswith(follower, end):
                    break
                end, count = end + len(follower), count + 1
            best = max(best, (end, count))
        if best[1]:
            yield at, best[0], best[1]
        at = max(at + 1, best[0])


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out
