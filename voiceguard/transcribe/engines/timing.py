"""Words laid onto sound, where attention gave them less time than anybody needs to say them.

Attention finds words well and punctuation badly: a comma is looked for on both sides of a pause,
and dynamic time warping then gives it the sound of the words beside it, which are left with no time
at all. But marks make no sound. So words that came off too short share the sound of the marks
beside them, and of a neighbour that has more than it needs, a syllable as long as the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import RATE, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_MS = 20
#: Nobody says a syllable in less.
_SHORTEST_MS = 80
#: Softer than the loudest twentieth of a window by this much is a pause, dB. Less than guards
#: allow, for here a voice that is taken for a pause costs a few frames, not a text.
_PAUSE_DB = 20.0
#: Latin letters that make about a syllable.
_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """A word, or a mark of no syllables, with its time in ms of the window."""

    syllables: int
    start: float
    end: float


def syllables(text: str) -> int:
    """About so many syllables it takes to say ``text``: none for a mark."""
    letters = sum(c.isalnum() and c.isascii() for c in text)
    return sum(c.isalnum() for c in text) - letters + math.ceil(letters / _LETTERS)


def sounding(window: Window) -> NDArray[np.bool_]:
    """Whether there is a voice in every 20 ms of a window; not between its pieces."""
    size = RATE * FRAME_MS // 1000
    count = len(window.samples) // size
    inside = np.zeros(count, np.bool_)
    for piece in window.pieces:
        inside[piece.at // FRAME_MS : piece.end // FRAME_MS] = True
    if not inside.any():
        return inside
    power = np.var(window.samples[: count * size].reshape(-1, size), axis=1)
    levels = 10 * np.log10(np.maximum(power, 1e-12))
    loud: NDArray[np.bool_] = levels > np.percentile(levels[inside], 95) - _PAUSE_DB
    return inside & loud


def lay(words: Sequence[Timed], loud: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Start and end of each word, ms of the window.

    Args:
        words: in order, each from where the one before ends, marks among them.
        loud: whether there is a voice in every 20 ms of the window.
    """
    out = [(w.start, w.end) for w in words]
    clock = _SoundClock(loud)
    if not words or not clock.total:
        return out
    # What follows the last word is a mark too: the end of the text.
    units = [*words, Timed(0, words[-1].end, max(words[-1].end, len(loud) * FRAME_MS))]
    has = [clock.at(u.end) - clock.at(u.start) for u in units]
    need = [u.syllables * _SHORTEST_MS for u in units]
    for a, b in _too_short(need, has):
        said = clock.at(units[a].start)
        each = (clock.at(units[b - 1].end) - said) / sum(u.syllables for u in units[a:b])
        for i in range(a, min(b, len(words))):
            start, said = said, said + each * units[i].syllables
            out[i] = clock.begins(start), clock.ends(said) if said > start else clock.begins(start)
    return out


def _too_short(need: Sequence[float], has: Sequence[float]) -> list[tuple[int, int]]:
    """Ranges that begin at a word with less than it needs and have grown until there is enough:
    by what has nothing to lose (marks, and other words that are too short), then by the neighbour
    with the most to spare."""
    out: list[tuple[int, int]] = []
    count = len(need)
    i = 0
    while i < count:
        a, b = i, i + 1
        i += 1
        if has[a] >= need[a]:
            continue
        while True:
            while b < count and (not need[b] or has[b] < need[b]):
                b += 1
            while a and (not need[a - 1] or has[a - 1] < need[a - 1]):
                a -= 1
            if out and a < out[-1][1]:  # what both want is not there twice
                a = out.pop()[0]
                continue
            if sum(has[a:b]) >= sum(need[a:b]) or b - a == count:
                break
            if not a or (b < count and has[b] / need[b] >= has[a - 1] / need[a - 1]):
                b += 1
            else:
                a -= 1
        out.append((a, b))
        i = b
    return out


class _SoundClock:
    """A clock (ms) that stands still while there is no voice."""

    def __init__(self, loud: NDArray[np.bool_]) -> None:
        self._loud = loud
        self._until = np.concatenate([[0], np.cumsum(loud)]) * FRAME_MS
        self.total = int(self._until[-1])

    def at(self, ms: float) -> float:
        """The clock at a time of the window."""
        frame = min(int(ms // FRAME_MS), len(self._loud))
        inside = frame < len(self._loud) and self._loud[frame]
        return float(self._until[frame]) + (ms - frame * FRAME_MS if inside else 0.0)

    def begins(self, clock: float) -> float:
        """The last time at which the clock shows ``clock``: where what follows begins."""
        return self._time(clock, int(np.searchsorted(self._until, clock, "right")) - 1)

    def ends(self, clock: float) -> float:
        """The first such time: where what came before ends."""
        return self._time(clock, max(0, int(np.searchsorted(self._until, clock, "left")) - 1))

    def _time(self, clock: float, frame: int) -> float:
        frame = min(frame, len(self._loud))
        return frame * FRAME_MS + clock - float(self._until[frame])
