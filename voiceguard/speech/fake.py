"""A speech detector without a model: whatever is loud is speech.

It ships with the package so that users can test what they build around the seam.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voiceguard.domain import RATE, Event, Span
from voiceguard.speech.detector import Speech, SpeechOptions

_STEP_MS = 10


class LoudnessDetector:
    """Calls every stretch above −45 dBFS speech; a pause of ``min_silence`` ends it."""

    sounds: Sequence[Event] = ()
    settled = 0  # all speech comes at the end

    def __init__(self, options: SpeechOptions | None = None) -> None:
        self._pause = (options or SpeechOptions()).min_silence // _STEP_MS
        self._heard = np.zeros(0, np.float32)

    def feed(self, samples: NDArray[np.float32]) -> list[Speech]:
        self._heard = np.concatenate([self._heard, samples])
        return []

    def finish(self) -> list[Speech]:
        size = RATE * _STEP_MS // 1000
        steps = self._heard[: len(self._heard) // size * size].reshape(-1, size)
        loud = np.flatnonzero(np.sqrt(np.mean(steps**2, axis=1)) > 10 ** (-45 / 20))
        if not len(loud):
            return []
        groups = np.split(loud, np.flatnonzero(np.diff(loud) > self._pause) + 1)
        return [self._speech(int(g[0]), int(g[-1]) + 1, size) for g in groups]

    def _speech(self, first: int, end: int, size: int) -> Speech:
        samples = self._heard[first * size : end * size]
        level = 10 * np.log10(float(np.mean(samples**2)) + 1e-12)
        return Speech(Span(first * _STEP_MS, end * _STEP_MS), samples, round(level, 1))
