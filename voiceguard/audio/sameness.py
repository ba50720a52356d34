"""Whether channels carry the same signal, seen window by window while the samples stream by.

One number for the whole recording would not do: where one party talks for minutes and leaks into
the other channel, the two look alike until the one sentence that the other party says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voiceguard.audio.decode.reader import Samples

WINDOW_MS = 200
ALIKE_OVERALL = 0.98
ALIKE_WINDOW = 0.9
"""Correlations. Copies that were coded apart reach 0.99 in ADPCM and 0.999 in G.711."""
_AUDIBLE_DB = -50.0
_TOLERATED, _TOLERATED_SHARE = 2, 0.001
"""Windows that may differ: a click or a transient that a coder got wrong, but no word."""


class Sameness:
    """Feed chunks of (channels, n) in order; gain and polarity don't matter."""

    def __init__(self, channels: int, rate: int) -> None:
        self._length = max(1, rate * WINDOW_MS // 1000)
        self._rest: Samples = np.zeros((channels, 0), np.float32)
        self._products = np.zeros((channels, channels))
        self._audible = np.zeros((channels, channels), np.int64)
        self._different = np.zeros((channels, channels), np.int64)

    def feed(self, chunk: Samples) -> None:
        """Take the next samples into account."""
        samples = np.concatenate([self._rest, chunk], axis=1)
        windows = samples.shape[1] // self._length
        used = windows * self._length
        self._rest = samples[:, used:]
        if windows:
            self._compare(samples[:, :used].reshape(len(samples), windows, self._length))

    def _compare(self, windows: Samples) -> None:
        centred = windows - windows.mean(axis=2, keepdims=True)
        stacked = centred.transpose(1, 0, 2)
        products = np.matmul(stacked, stacked.transpose(0, 2, 1)).astype(np.float64)
        power = np.diagonal(products, axis1=1, axis2=2)
        likeness = _correlation(products, power)
        louder = np.maximum(power[:, :, None], power[:, None, :]) / self._length
        audible = louder > 10 ** (_AUDIBLE_DB / 10)
        self._products += products.sum(axis=0)
        self._audible += audible.sum(axis=0)
        self._different += (audible & (likeness < ALIKE_WINDOW)).sum(axis=0)

    def matrix(self) -> NDArray[np.bool_]:
        """(channels, channels), True where two carry the same."""
        overall = _correlation(self._products, np.diag(self._products))
        tolerated = _TOLERATED + _TOLERATED_SHARE * self._audible
        return np.asarray((overall >= ALIKE_OVERALL) & (self._different <= tolerated))


def _correlation(products: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 … 1 from (…, channels, channels) products and their diagonal; 0 beside silence."""
    scale = np.sqrt(power[..., :, None] * power[..., None, :])
    return np.asarray(np.abs(products) / np.maximum(scale, 1e-12))
