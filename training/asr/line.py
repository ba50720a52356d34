"""The telephone line: what 300–3400 Hz, a codec and a noisy room do to a voice."""

from __future__ import annotations

import numpy as np
import soxr
from scipy.signal import butter, sosfilt

LINE_RATE = 8000
MODEL_RATE = 16000


def _alaw(x: np.ndarray) -> np.ndarray:
    """A-law there and back (ITU-T G.711, A = 87.6), on 8 bits."""
    a, y = 87.6, np.abs(x)
    small = y < 1 / a
    coded = np.where(small, a * y, 1 + np.log(np.maximum(a * y, 1e-9))) / (1 + np.log(a))
    coded = np.round(coded * 127) / 127
    limit = 1 / (1 + np.log(a))
    back = np.where(coded < limit, coded * (1 + np.log(a)) / a,
                    np.exp(coded * (1 + np.log(a)) - 1) / a)
    return np.sign(x) * back


def _mulaw(x: np.ndarray) -> np.ndarray:
    """mu-law there and back (ITU-T G.711, mu = 255), on 8 bits."""
    coded = np.round(np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    return np.sign(x) * np.expm1(coded * np.log(256)) / 255


def _noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """White, pinkish or humming noise of unit power."""
    white = rng.standard_normal(count)
    kind = rng.integers(3)
    if kind == 1:
        spectrum = np.fft.rfft(white)
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 8))
        white = np.fft.irfft(spectrum, count)
    elif kind == 2:
        t = np.arange(count) / LINE_RATE
        hum = sum(np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6)) / k for k in (2, 3, 5, 7))
        white = 0.3 * white + hum
    return white / (np.std(white) + 1e-9)


def telephone(samples: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """One call's line: band, tilt, level, noise and codec at random; float32 at 16 kHz."""
    x = soxr.resample(samples, rate, LINE_RATE).astype(np.float64)
    low, high = rng.uniform(120, 320), rng.uniform(3200, 3800)
    x = sosfilt(butter(2, [low, high], "bandpass", fs=LINE_RATE, output="sos"), x)
    if rng.random() < 0.5:
        x = np.append(x[:1], x[1:] - rng.uniform(-0.4, 0.4) * x[:-1])
    level = 10 ** (rng.uniform(-34, -12) / 20)
    x *= level / (np.sqrt(np.mean(x**2)) + 1e-9)
    if rng.random() < 0.75:
        x += _noise(rng, len(x)) * level * 10 ** (-rng.uniform(12, 45) / 20)
    x = np.clip(x, -1, 1)
    codec = rng.random()
    if codec < 0.4:
        x = _alaw(x)
    elif codec < 0.7:
        x = _mulaw(x)
    return soxr.resample(x.astype(np.float32), LINE_RATE, MODEL_RATE)
