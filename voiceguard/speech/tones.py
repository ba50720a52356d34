"""Tones of the exchange and of machines: ring-back, busy, special information, keys, fax.

Frequencies and their tolerances are those of ITU-T E.180 (with China's 450 ± 25 Hz for dial, ring
and busy), Q.23 (keys), T.30 and V.25 (fax and modem). A voice may meet such a frequency in passing;
what it does not do is to stay on it, at one level, with nothing beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import Span
from voiceguard.speech.partials import HOP_MS, Frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Single tones: (Hz, how far off).
_SINGLE = (
    (400, 10), (425, 15), (450, 25),  # dial, ring, busy
    (950, 50), (1400, 50), (1800, 50),  # special information
    (1000, 20),  # test
    (1100, 38), (1300, 15), (2100, 15),  # fax, modem
)  # fmt: skip
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_KEY_OFF = 0.02  # Q.24 must accept 1.5 %; the rest is for reading a short press
_QUIETEST = 1e-6  # mean square: −60 dBFS
_PURE, _PURE_PAIR = 0.94, 0.9
_BESIDE = 0.01  # a single tone has no partial with more than this share: a vowel has
_TWIST = 0.06  # the weaker of a pair has this share of the stronger, at least (12 dB)
#: A tone lasts this many frames, a key this many, on one frequency and at one level.
_LASTS, _KEY_LASTS = 6, 2
_DRIFT_HZ, _KEY_DRIFT_HZ = 1.2, 6.0
_LEVELS = 1.4  # the strongest frame over the weakest
_WINDOW_MS = 64


def tones(frames: Frames) -> list[tuple[int, int, float | None]]:
    """Runs of frames in which a tone sounds: ``(first, end, Hz)``, Hz None for keys.

    Keys are pairs, and which key it was is not told: callers key in card numbers.
    """
    loud = frames.power > _QUIETEST
    pure = (frames.alone >= _PURE) & (frames.beside <= _BESIDE)
    single = loud & pure & _near(frames.first, _SINGLE)
    pair = loud & _key(frames)
    out: list[tuple[int, int, float | None]] = []
    for first, end in _steady(frames.power, frames.first, single, _LASTS, _DRIFT_HZ):
        out.append((first, end, float(np.median(frames.first[first:end]))))
    lower = np.minimum(frames.first, frames.second)
    for first, end in _steady(frames.power, lower, pair, _KEY_LASTS, _KEY_DRIFT_HZ):
        out.append((first, end, None))
    return sorted(out, key=lambda run: run[:2])


def may_be_tone(frames: Frames) -> bool:
    """Whether it is worth looking for tones: cheap, and true wherever there is one."""
    return bool((frames.alone + frames.beside).max() >= _PURE_PAIR)


def span_of(first: int, end: int) -> Span:
    """The time that a run of frames covers."""
    return Span(first * HOP_MS, (end - 1) * HOP_MS + _WINDOW_MS)


def _near(hertz: NDArray[np.float32], places: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    found = np.zeros(len(hertz), bool)
    for place, off in places:
        found |= np.abs(hertz - place) <= off
    return found


def _key(frames: Frames) -> NDArray[np.bool_]:
    low = np.minimum(frames.first, frames.second)
    high = np.maximum(frames.first, frames.second)
    return np.asarray(
        (frames.alone + frames.beside >= _PURE_PAIR)
        & (frames.beside >= _TWIST * frames.alone)
        & _near(low, tuple((f, f * _KEY_OFF) for f in _ROWS))
        & _near(high, tuple((f, f * _KEY_OFF) for f in _COLUMNS))
    )


def _steady(
    power: NDArray[np.float32], hertz: NDArray[np.float32], wanted: NDArray[np.bool_],
    lasts: int, drift: float,
) -> list[tuple[int, int]]:
    """Runs of wanted frames that keep one frequency and one level for ``lasts`` frames."""
    out: list[tuple[int, int]] = []
    first = 0
    while first < len(wanted):
        if not wanted[first]:
            first += 1
            continue
        end = first + 1
        least = most = hertz[first]
        weak = strong = power[first]
        while end < len(wanted) and wanted[end]:
            least, most = min(least, hertz[end]), max(most, hertz[end])
            weak, strong = min(weak, power[end]), max(strong, power[end])
            if most - least > drift or strong > _LEVELS * weak:
                break
            end += 1
        if end - first >= lasts:
            out.append((first, end))
            first = end
        else:
            first += 1
    return out
