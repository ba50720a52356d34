"""How loud each channel is, measured while the samples stream by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceguard.audio.decode.reader import Samples

FRAME_MS = 20
FLOOR_DB = -100.0
"""dBFS given for digital silence."""
_TOP_DB, _STEP_DB = 15.0, 0.5
_CEILING = 0.975
"""Full scale of A-law and mu-law lies at 0.98 of the 16-bit range."""
_FLAT = 1e-4


@dataclass(frozen=True, slots=True)
class ChannelLevel:
    """Levels of one channel over the whole recording, in dBFS (a full-scale square wave is 0).

    Attributes:
        rms_db: of everything, DC offset taken off.
        peak_db: of the largest sample.
        dc_offset: mean, as a share of full scale, with sign.
        clipped_share: 0 to 1, samples at the ceiling.
        noise_db: the softest tenth of all 20 ms frames is below.
        active_db: the loudest twentieth of all 20 ms frames is above.
        loudest_db: of the loudest 20 ms frame.
    """

    rms_db: float
    peak_db: float
    dc_offset: float
    clipped_share: float
    noise_db: float
    active_db: float
    loudest_db: float


def frame_db(samples: Samples, rate: int) -> NDArray[np.float32]:
    """Level of each whole 20 ms frame, without its mean.

    Args:
        samples: (channels, n).
        rate: Hz.

    Returns:
        (channels, n // frame) dBFS, at least ``FLOOR_DB``.
    """
    import librosa

    length = frame_length(rate)
    count = samples.shape[1] // length
    if count == 0:
        return np.zeros((samples.shape[0], 0), np.float32)
    frames = samples[:, : count * length].reshape(samples.shape[0], count, length)
    centred = (frames - frames.mean(axis=2, keepdims=True)).reshape(samples.shape[0], -1)
    rms = librosa.feature.rms(y=centred, frame_length=length, hop_length=length, center=False)
    return np.asarray(to_db(rms[:, 0, :]), np.float32)


def to_db(amplitude: NDArray[np.floating]) -> NDArray[np.floating]:
    """Amplitudes (any shape) in dBFS, at least ``FLOOR_DB``."""
    import librosa

    floor = 10 ** (FLOOR_DB / 20)
    return np.asarray(librosa.amplitude_to_db(amplitude, ref=1.0, amin=floor, top_db=None))


def frame_length(rate: int) -> int:
    """Samples in 20 ms at ``rate`` Hz."""
    return max(1, rate * FRAME_MS // 1000)


class Meter:
    """Feed chunks of (channels, n) in order; memory does not grow with the recording."""

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        self._count = 0
        self._sum = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._peak = np.zeros(channels)
        self._clipped = np.zeros(channels, np.int64)
        self._last = np.zeros((channels, 1), np.float32)
        self._rest: Samples = np.zeros((channels, 0), np.float32)
        self._bins = round((_TOP_DB - FLOOR_DB) / _STEP_DB)
        self._histogram = np.zeros((channels, self._bins), np.int64)
        self._loudest = np.full(channels, FLOOR_DB)

    def feed(self, chunk: Samples) -> None:
        """Take the next samples into account."""
        if not chunk.shape[1]:
            return
        self._count += chunk.shape[1]
        self._sum += chunk.sum(axis=1, dtype=np.float64)
        self._squares += np.einsum("ij,ij->i", chunk, chunk)
        size = np.abs(chunk)
        self._peak = np.maximum(self._peak, size.max(axis=1))
        flat = np.abs(np.diff(chunk, axis=1, prepend=self._last)) < _FLAT
        self._clipped += np.count_nonzero((size >= _CEILING) & flat | (size > 1), axis=1)
        self._last = chunk[:, -1:]
        samples = np.concatenate([self._rest, chunk], axis=1)
        self._count_frames(samples)
        self._rest = samples[:, samples.shape[1] // (n := frame_length(self._rate)) * n :]

    def _count_frames(self, samples: Samples) -> None:
        levels = frame_db(samples, self._rate)
        if not levels.shape[1]:
            return
        self._loudest = np.maximum(self._loudest, levels.max(axis=1))
        slots = np.clip((levels - FLOOR_DB) / _STEP_DB, 0, self._bins - 1).astype(np.int64)
        for row, own in zip(self._histogram, slots, strict=True):
            row += np.bincount(own, minlength=self._bins)

    def levels(self) -> tuple[ChannelLevel, ...]:
        """One per channel."""
        count = max(1, self._count)
        mean = self._sum / count
        rms = to_db(np.sqrt(np.maximum(self._squares / count - mean**2, 0)))
        peak = to_db(self._peak)
        return tuple(
            ChannelLevel(
                rms_db=round(float(rms[i]), 1),
                peak_db=round(float(peak[i]), 1),
                dc_offset=round(float(mean[i]), 5),
                clipped_share=round(float(self._clipped[i]) / count, 6),
                noise_db=self._percentile(i, 0.10),
                active_db=self._percentile(i, 0.95),
                loudest_db=round(float(self._loudest[i]), 1),
            )
            for i in range(len(mean))
        )

    def _percentile(self, channel: int, share: float) -> float:
        counts = np.cumsum(self._histogram[channel])
        if not counts[-1]:  # shorter than one frame
            return FLOOR_DB
        slot = int(np.searchsorted(counts, share * counts[-1]))
        return FLOOR_DB + _STEP_DB * slot
