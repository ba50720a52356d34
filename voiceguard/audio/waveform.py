"""A drawing of the recording: one peak per channel and stretch, while the samples stream by."""

from __future__ import annotations

import numpy as np

from voiceguard.audio.decode.reader import Samples

LIMIT = 2000
"""Points at most; at least half as many for a recording of two seconds or more."""


class Waveform:
    """Feed chunks of (channels, n) in order; where there are too many points, pairs are joined."""

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        self._base = max(1, rate // 1000)  # samples of a millisecond
        self._group = 1  # milliseconds of a point
        self._points: Samples = np.zeros((channels, 0), np.float32)
        self._pending: Samples = np.zeros((channels, 0), np.float32)  # one column a millisecond
        self._rest: Samples = np.zeros((channels, 0), np.float32)

    def feed(self, chunk: Samples) -> None:
        """Take the next samples into account."""
        samples = np.concatenate([self._rest, np.abs(chunk)], axis=1)
        peaks, self._rest = _joined(samples, self._base, samples.shape[1] // self._base)
        waiting = np.concatenate([self._pending, peaks], axis=1)
        while True:
            room = LIMIT - self._points.shape[1]
            new, waiting = _joined(waiting, self._group, min(room, waiting.shape[1] // self._group))
            self._points = np.concatenate([self._points, new], axis=1)
            if self._points.shape[1] < LIMIT:
                break
            self._points, _ = _joined(self._points, 2, LIMIT // 2)
            self._group *= 2
        self._pending = waiting

    @property
    def step_ms(self) -> float:
        """Milliseconds that a point stands for."""
        return 1000 * self._base * self._group / self._rate

    def peaks(self) -> tuple[tuple[float, ...], ...]:
        """Per channel, 0 … 1 (more in float files); the last point may stand for less time."""
        left = np.concatenate([self._pending, self._rest], axis=1)
        points = self._points
        if left.shape[1]:
            points = np.concatenate([points, left.max(axis=1, keepdims=True)], axis=1)
        return tuple(tuple(round(float(value), 4) for value in row) for row in points)


def _joined(values: Samples, size: int, groups: int) -> tuple[Samples, Samples]:
    """The peaks of the first ``groups`` groups of ``size`` columns, and the columns left over."""
    used = values[:, : groups * size]
    return used.reshape(values.shape[0], groups, size).max(axis=2), values[:, groups * size :]
