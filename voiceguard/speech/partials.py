"""The partials of a channel, frame by frame: which are held, and whether they are all there is.

Nothing in a voice stands still: the pitch of running speech moves by several per cent within a
tenth of a second, and the higher harmonics move by as many times more hertz. A note of an
instrument, or a tone of the exchange, keeps its frequency to within a hertz or two. The share of
the sound that lies in partials which are *held* is therefore high in music and near zero in
speech: the idea of Hawley (Structure out of Sound, MIT 1993) and, as continuous frequency
activation, of Seyerlehner, Pohle, Schedl and Widmer (Automatic music detection in television
productions, DAFx 2007). Frequencies are read off the peaks of a Hann-windowed spectrum by a
parabola through the logarithms (J. O. Smith, Spectral Audio Signal Processing).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

from voiceguard.domain import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOP_MS = 32
_HOP, _WINDOW = RATE * HOP_MS // 1000, 1024
#: Frames come in groups of this many (512 ms).
GROUP = 16
_REACH = 2  # frames on either side that a partial is looked for in
_MOST = 32 * GROUP  # frames worked on together
_BIN = RATE / _WINDOW
_LOW, _HIGH = round(250 / _BIN), round(3500 / _BIN)  # what a telephone lets through
_HELD_HZ = 1.5  # between frames
_LOBE = 2  # bins on either side of a peak that a Hann window spreads it over


@dataclass(frozen=True, slots=True)
class Frames:
    """What was measured every ``HOP_MS``; all arrays are (n,) float32.

    Attributes:
        power: mean square between 250 and 3500 Hz.
        held: the part of it that lies in held partials.
        note: frequency of the strongest held partial in Hz, 0 where there is none.
        first: frequency of the strongest partial in Hz.
        second: the same of the next.
        alone: share of ``power`` that the strongest partial has.
        beside: share that the next one has.
    """

    power: NDArray[np.float32]
    held: NDArray[np.float32]
    note: NDArray[np.float32]
    first: NDArray[np.float32]
    second: NDArray[np.float32]
    alone: NDArray[np.float32]
    beside: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.power)

    def __getitem__(self, part: slice | NDArray[np.intp]) -> Self:
        return type(self)(*(getattr(self, f.name)[part] for f in fields(self)))

    @classmethod
    def joined(cls, *parts: Frames) -> Frames:
        """One after another."""
        return Frames(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    @classmethod
    def none(cls) -> Frames:
        """No frames."""
        return Frames(*(np.zeros(0, np.float32) for _ in fields(cls)))


class Partials:
    """Measures one channel as its samples come, in whole groups of frames."""

    def __init__(self) -> None:
        before = np.zeros(_REACH * _HOP, np.float32)  # frames before the first
        self._samples = before

    def feed(self, samples: NDArray[np.float32]) -> Frames:
        """The groups of frames that the next samples (float32, mono, 16 kHz) complete."""
        self._samples = np.concatenate([self._samples, samples])
        out = [Frames.none()]
        around = 2 * _REACH
        while True:
            there = (len(self._samples) - _WINDOW) // _HOP + 1 - around
            count = min(there // GROUP * GROUP, _MOST)
            if count <= 0:
                return Frames.joined(*out)
            used = self._samples[: (count + around - 1) * _HOP + _WINDOW]
            out.append(_measured(used)[_REACH : _REACH + count])
            self._samples = self._samples[count * _HOP :]

    def finish(self) -> Frames:
        """What is left, as if silence followed."""
        return self.feed(np.zeros((GROUP + _REACH) * _HOP + _WINDOW, np.float32))


def _measured(samples: NDArray[np.float32]) -> Frames:
    shown = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    spectrum = np.fft.rfft(shown * window, axis=1)[:, _LOW - 1 : _HIGH + 2]
    # Scaled so that the bins of a frame add up to its mean square.
    density = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) * (
        2 / (_WINDOW * float(np.sum(window**2)))
    )
    power = density[:, 1:-1]
    total = power.sum(axis=1)
    frequency = _peaks(density)
    held = _held(frequency)
    strength = np.where(np.isfinite(frequency), power, 0)
    first, alone, rest = _strongest(strength, power, frequency)
    second, beside, _ = _strongest(rest, power, frequency)
    held_strength = np.where(held, power, 0)
    note, _, _ = _strongest(held_strength, power, frequency)
    over = np.maximum(total, 1e-12)
    return Frames(
        total, (power * _widened(held)).sum(axis=1), note, first, second, alone / over,
        beside / over,
    )


def _peaks(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frequency of every local maximum at its bin, infinity at other bins (frames × bins)."""
    logs = np.log(density + 1e-14)
    below, here, above = logs[:, :-2], logs[:, 1:-1], logs[:, 2:]
    peak = (here > below) & (here >= above) & (density[:, 1:-1] > 1e-12)
    bend = np.where(peak, below - 2 * here + above, -1)
    place = np.arange(_LOW, _HIGH + 1) + 0.5 * (below - above) / bend
    return np.where(peak, place * _BIN, np.inf).astype(np.float32)


def _held(frequency: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which peaks stand where they stood or will stand, both one and two frames away."""
    out = np.isfinite(frequency)
    for away in range(1, _REACH + 1):
        out &= _again(frequency, away) | _again(frequency, -away)
    return out


def _again(frequency: NDArray[np.float32], away: int) -> NDArray[np.bool_]:
    """Which peaks the frame ``away`` frames earlier has too, in the same bin or one beside it."""
    frames, bins = frequency.shape
    other = np.full((frames, bins + 2), np.inf, np.float32)
    if away > 0:
        other[away:, 1:-1] = frequency[:-away]
    else:
        other[:away, 1:-1] = frequency[-away:]
    found = np.zeros((frames, bins), bool)
    with np.errstate(invalid="ignore"):  # infinity less infinity: neither has a peak
        for shift in range(3):
            found |= np.abs(other[:, shift : shift + bins] - frequency) < _HELD_HZ
    return found


def _widened(peaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The bins that belong to ``peaks``."""
    out = peaks.copy()
    for shift in range(1, _LOBE + 1):
        out[:, shift:] |= peaks[:, :-shift]
        out[:, :-shift] |= peaks[:, shift:]
    return out


def _strongest(
    strength: NDArray[np.float32], power: NDArray[np.float32], frequency: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Of every frame the strongest peak's frequency (0 where there is none) and power, and
    ``strength`` without it."""
    rows = np.arange(len(strength))
    at = strength.argmax(axis=1)
    there = strength[rows, at] > 0
    bins = at[:, None] + np.arange(-_LOBE, _LOBE + 1)
    inside = (bins >= 0) & (bins < power.shape[1])
    bins = np.clip(bins, 0, power.shape[1] - 1)
    lobe = np.where(inside, power[rows[:, None], bins], 0).sum(axis=1)
    rest = strength.copy()
    rest[rows[:, None], bins] = 0
    hertz = np.where(there, frequency[rows, at], 0).astype(np.float32)
    return hertz, np.where(there, lobe, 0).astype(np.float32), rest
