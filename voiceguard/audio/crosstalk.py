"""Bleed: one party heard softly in the other party's channel.

A handset's microphone, a cheap tap or an echo copies the loud side into the other channel. Left
in, the same words are transcribed twice and blamed on the wrong person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
_MIN_FRAMES = 25
_ACTIVE_DB = 12.0
_FLOOR_DB = -90.0


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
