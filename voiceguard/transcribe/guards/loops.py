"""Loops: a recogniser that has lost its way writes the same words over and over.

People repeat themselves, too: 喂喂喂, a number for confirmation, an angry sentence three times.
What tells the two apart is time and sound: nobody says forty characters in the last 200 ms. Text
alone decides only where nobody would go on for so long.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from voiceguard.transcribe.guards.doubt import Doubt, runs, sayable
from voiceguard.transcribe.guards.heard import Char, Heard, syllables

LONGEST = 36
#: Characters of earlier windows in which a loop may have begun, and the most of one that has.
_LOOK_BACK, _LOOP_BACK = 2 * LONGEST, 400
#: Nobody repeats anything at more syllables a second.
_RATE = 10.0
#: What is said many times: laughter, listening, calling into a dead line; digits.
_FILLERS = frozenset("哈呵嘿嘻嗯呃额唔啊哦噢喔诶哎唉呀喂好对是行嘟滴咚铃0123456789"
                     "零一二三四五六七八九幺")
#: At more repetitions than this (by length of what is repeated) time and sound no longer count.
_FILLER_MOST = 40
_MOST = ((1, 14), (2, 12), (4, 8), (8, 6), (LONGEST + 2, 5))
#: Fewer repetitions than this are no loop, whatever their times.
_FEWEST = ((1, 4), (7, 3), (LONGEST + 2, 2))
#: Characters that may differ from the first time, by length.
_EDITS = ((3, 0), (5, 1), (11, 2), (19, 3), (LONGEST + 2, 4))
_OFFSETS = ((), (0, -1, 1), (0, -1, 1, -2, 2), (0, -1, 1, -2, 2, -3, 3),
            (0, -1, 1, -2, 2, -3, 3, -4, 4))
#: So many repetitions are the loop itself and no accident inside a longer one.
_CLEAR = 4
#: A pause before each repetition, ms: nothing that runs on by itself.
_PAUSE_MS = 300
#: More words than this share without any length were not heard one after another.
_NO_LENGTH = 0.6

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Past:
    """The end of what was written for a channel so far, dropped repetitions included."""

    text: str = ""
    chars: tuple[Char, ...] = ()


def loops(heard: Heard, past: Past) -> tuple[list[Doubt], Past]:
    """Repetitions that were not said, but for the first, and the past of the next window."""
    text, chars = past.text + heard.text, past.chars + heard.chars
    here = len(past.text)
    out = []
    begun = len(text) - _LOOK_BACK
    for group in repetitions(text):
        if len(text) - group[-1][1] < LONGEST:
            begun = min(begun, group[0][0])
        if group[-1][1] <= here:
            continue
        verdict = _verdict(text, chars, group)
        end = _trailing(text, group)
        a = group[1][0] if verdict == "drop" else group[0][0]
        if verdict and end > max(a, here):
            drop = verdict == "drop"
            code = "repetition_loop" if drop else "maybe_invented"
            out.append(Doubt(code, max(a, here) - here, (end if drop else group[-1][1]) - here,
                             drop))
    begun = max(begun, len(text) - _LOOP_BACK, 0)
    return out, Past(text[begun:], chars[begun:])


def repetitions(text: str) -> list[list[Range]]:
    """Stretches that repeat themselves at once, as ranges of each occurrence, in order.

    A repetition shares two neighbouring characters with what it repeats, so only distances at which
    such a pair comes again are tried, and a text without repetitions costs next to nothing.
    """
    distances = _distances(text)
    out = []
    i = 0
    while i < len(text):
        best = _longest_group(text, i, distances)
        if best:
            # 你好你好我是小李你好我是小李你好我是小李: the loop is what repeats most.
            clear = len(best) >= _CLEAR
            for later in range(i + 1, best[0 if clear else -1][1]):
                other = _longest_group(text, later, distances)
                best = max(best, other or best, key=lambda g: _merit(text, g))
        if best:
            out.append(best)
            i = best[-1][1]
        else:
            i += 1
    return out


def _distances(text: str) -> list[int]:
    """For each place how far away its pair of characters comes again; 0 where it does not, or too
    far away to matter."""
    following: dict[str, int] = {}
    out = [0] * (len(text) + 1)
    for i in range(len(text) - 2, -1, -1):
        pair = text[i : i + 2]
        away = following.get(pair, i) - i
        out[i] = away if away <= LONGEST + 2 else 0
        following[pair] = i
    return out


def _longest_group(text: str, start: int, distances: list[int]) -> list[Range]:
    """The repetitions that begin at ``start`` and go on longest; empty where there are none."""
    near = {d for d in distances[start : start + 2] if d}
    if not near:
        return []
    best: list[Range] = []
    for length in sorted({d + off for d in near for off in ((0,) if d < 4 else _OFFSETS[2])}):
        if 0 < length <= LONGEST:
            group = _occurrences(text, start, length)
            if len(group) >= _limit(_FEWEST, length):
                best = max(best or group, group, key=lambda g: _merit(text, g))
    return best


def _merit(text: str, group: list[Range]) -> int:
    """Characters repeated, less those that differ: what repeats most exactly tells where a
    repetition begins and ends."""
    unit = text[slice(*group[0])]
    wrong = sum(Levenshtein.distance(unit, text[a:b]) for a, b in group[1:])
    return group[-1][1] - group[0][0] - 2 * wrong


def _occurrences(text: str, start: int, length: int) -> list[Range]:
    """``text[start:start + length]`` and what follows as long as it says nearly the same."""
    unit, edits = text[start : start + length], _limit(_EDITS, length)
    out = [(start, start + length)]
    while len(unit) == length:
        at = out[-1][1]
        end = at + length if text.startswith(unit, at) else _near_end(text, at, unit, edits)
        if not end:
            break
        out.append((at, end))
    return out


def _near_end(text: str, at: int, unit: str, edits: int) -> int:
    """Where the text from ``at`` ends that says nearly the same as ``unit``; 0 where none does."""
    alphabet = set(unit)
    if len(alphabet.intersection(text[at : at + len(unit) + edits])) < len(alphabet) - edits:
        return 0
    best, found = edits + 1, 0
    for off in _OFFSETS[edits]:
        end = at + len(unit) + off
        if abs(off) < best and end <= len(text):  # a difference in length takes as many edits
            distance = Levenshtein.distance(unit, text[at:end], score_cutoff=best - 1)
            if distance < best:
                best, found = distance, end
    return found


def _verdict(text: str, chars: tuple[Char, ...], group: list[Range]) -> str:
    """``drop``, ``mark`` or nothing."""
    unit = text[slice(*group[0])]
    if not _plausible(text, chars, group):
        return "drop"
    filler = all(c in _FILLERS for c in unit)
    most = _FILLER_MOST if filler else _limit(_MOST, len(unit))
    if len(group) <= most:
        return ""
    pauses = [chars[b[0]].start - chars[a[1] - 1].end >= _PAUSE_MS for a, b in pairwise(group)]
    at_once = max((b - a for a, b in runs(not p for p in pauses)), default=0) + 1
    if at_once == 1:  # an announcement, or somebody who tries again and again
        return "mark" if len(unit) > 2 else ""
    return "drop" if at_once > most or len(group) > 2 * most else "mark"


def _plausible(text: str, chars: tuple[Char, ...], group: list[Range]) -> bool:
    """Whether there is sound enough for all, for all but the first, and for the second half; and
    whether the words have lengths."""
    end = group[-1][1]
    stretches = {group[0][0], group[1][0], group[len(group) // 2][0]}
    if any(not sayable(text[a:end], chars[end - 1].after - chars[a].before, _RATE)
           for a in stretches):
        return False
    flat = sum(c.start == c.end for c in chars[group[0][0] : end])
    return flat <= _NO_LENGTH * (end - group[0][0]) or syllables(text[group[0][0] : end]) <= 4


def _trailing(text: str, group: list[Range]) -> int:
    """The end of the group; a last repetition that was cut off by the end of the text belongs to
    it."""
    end = group[-1][1]
    unit, rest = text[slice(*group[0])], text[end:]
    return len(text) if rest and unit.startswith(rest) else end


def _limit(table: tuple[tuple[int, int], ...], length: int) -> int:
    return next(limit for longest, limit in table if length <= longest)
