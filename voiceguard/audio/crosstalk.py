"""Bleed: one party heard softly in the other party's channel.

A handset's microphone, a cheap tap or an echo copies the loud side into the other channel. Left
in, the same words are transcribed twice and blamed on the wrong person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voiceguard.audio.decode.reader import Samples
from voiceguard.audio.levels import FRAME_MS, frame_db
from voiceguard.domain import Span

Levels = NDArray[np.float64]
Flags = NDArray[np.bool_]

LOUDER_DB = 10.0
"""How much louder the source must be than its copy."""
EXCESS_DB = 6.0
"""How far above its expected level a frame may be and still be only a copy."""
ALIKE = 0.5
"""Correlation of the two envelopes around a frame."""
MAX_LAG = 25
"""Frames (0.5 s) that a copy may come late: echoes of a satellite or mobile line."""
WINDOW = 12
"""Frames on both sides over which envelopes are compared (0.5 s in all)."""
REMEMBERED_MS = 300_000
"""How far back levels are compared: long enough to know the line, and a few minutes of a long
recording tell more about now than its first hour does."""
_MIN_FRAMES = 25
_ACTIVE_DB = 12.0
_FLOOR_DB = -90.0


class LeakWatch:
    """Tells a party's own speech from the other's, leaked over, while the samples stream by.

    Feed blocks of (channels, n) in order; the last ``REMEMBERED_MS`` are kept, as levels.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        self._size = rate * FRAME_MS // 1000
        self._frames: NDArray[np.float32] = np.zeros((channels, 0), np.float32)
        self._first = 0  # number of the first frame that is kept
        self._rest: Samples = np.zeros((channels, 0), np.float32)
        self._marks: Flags | None = None

    def feed(self, samples: Samples) -> None:
        """Take the next samples into account."""
        if len(samples) < 2:
            return
        joined = np.concatenate([self._rest, samples], axis=1)
        whole = joined.shape[1] // self._size * self._size
        self._rest = joined[:, whole:].copy()
        fresh = frame_db(joined[:, :whole], self._rate)
        frames = np.concatenate([self._frames, fresh], axis=1)
        drop = max(0, frames.shape[1] - REMEMBERED_MS // FRAME_MS)
        self._frames, self._first = frames[:, drop:].copy(), self._first + drop
        self._marks = None

    def share(self, channel: int, span: Span) -> float:
        """How much of ``span`` is only a leak of another channel, 0 to 1; 0 where not known."""
        if len(self._frames) < 2:
            return 0.0
        if self._marks is None:
            self._marks = leaked(self._frames)
        start = span.start // FRAME_MS
        end = max(span.end // FRAME_MS, start + 1)
        part = self._marks[channel, max(0, start - self._first) : max(0, end - self._first)]
        return float(part.mean()) if len(part) else 0.0


def leaked(frames_db: NDArray[np.floating]) -> Flags:
    """Which frames of a channel are only a leaked copy of another channel.

    Method, for every ordered pair of source and copy: (1) find the delay, 0 to 0.5 s, at which the
    two level curves correlate best while the source speaks; (2) :func:`bleed_gain` is the median
    level difference there; (3) a frame is a copy where the delayed source is at least 10 dB
    louder, the envelopes correlate by 0.5 or more over half a second around, and the frame is no
    more than 6 dB louder than source plus gain explains, so that a party who speaks at the same
    time is kept.

    Args:
        frames_db: (channels, n) levels of 20 ms frames in dBFS, as from ``frame_db``.

    Returns:
        (channels, n), True where the frame should not be analysed.
    """
    levels = np.maximum(np.asarray(frames_db, np.float64), _FLOOR_DB)
    marks = np.zeros(levels.shape, np.bool_)
    for source in range(levels.shape[0]):
        for copy in range(levels.shape[0]):
            if source != copy:
                marks[copy] |= _copied(levels[source], levels[copy])
    return marks


def bleed_gain(source: Levels, copy: Levels) -> tuple[int, float] | None:
    """Delay in frames and level difference in dB at which ``copy`` (n,) repeats ``source`` (n,).

    None where there is no sign of it: too little speech, no correlation, or nothing 10 dB louder.
    """
    speaking = source >= np.percentile(source, 10) + _ACTIVE_DB if len(source) else source > 0
    best: tuple[float, int, float] | None = None
    for lag in range(min(MAX_LAG + 1, len(source))):
        ahead, behind = source[: len(source) - lag], copy[lag:]
        chosen = speaking[: len(ahead)] & (ahead - behind >= LOUDER_DB)
        if np.count_nonzero(chosen) < _MIN_FRAMES:
            continue
        alike = _correlation(ahead[chosen], behind[chosen])
        if best is None or alike > best[0] + 1e-9:
            best = alike, lag, float(np.median(behind[chosen] - ahead[chosen]))
    return None if best is None or best[0] < ALIKE else best[1:]


def _copied(source: Levels, copy: Levels) -> Flags:
    found = bleed_gain(source, copy)
    marks = np.zeros(len(copy), np.bool_)
    if found is None:
        return marks
    lag, gain = found
    ahead, behind = source[: len(source) - lag], copy[lag:]
    marks[lag:] = (
        (ahead - behind >= LOUDER_DB)
        & (behind - ahead <= gain + EXCESS_DB)
        & (_local_correlation(ahead, behind) >= ALIKE)
    )
    return marks


def _correlation(a: Levels, b: Levels) -> float:
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power > 1e-9 else 0.0


def _local_correlation(a: Levels, b: Levels) -> Levels:
    """Correlation of (n,) and (n,) within ``WINDOW`` frames of each frame; 0 where one is flat."""
    a, b = a - a.mean(), b - b.mean()  # keeps the running sums small and exact
    at = np.arange(len(a))
    low, high = np.maximum(at - WINDOW, 0), np.minimum(at + WINDOW + 1, len(a))

    def mean(values: Levels) -> Levels:
        sums = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray((sums[high] - sums[low]) / (high - low))

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    power = np.sqrt(np.maximum(var_a, 0) * np.maximum(var_b, 0))
    together = mean(a * b) - mean_a * mean_b
    alike = np.zeros(len(a))
    np.divide(together, power, out=alike, where=power > 1e-6)
    return alike
