"""Bleed is found, the party who really speaks is kept; a slow obvious twin agrees."""

from __future__ import annotations

import numpy as np
import pytest

from voiceguard.audio import frame_db, leaked
from voiceguard.audio.crosstalk import (
    ALIKE,
    EXCESS_DB,
    LOUDER_DB,
    MAX_LAG,
    WINDOW,
    bleed_gain,
)

RATE = 8000


def voice(seconds: float, turns: list[tuple[float, float]], seed: int, level: float = 0.1):
    """(n,) noise in uneven syllables within the turns (start, end in s), silence elsewhere."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    out = np.zeros(count)
    for start, end in turns:
        at = start
        while at < end:
            size, pause = rng.uniform(0.08, 0.25), rng.uniform(0.02, 0.12)
            first, last = int(at * RATE), int(min(end, at + size) * RATE)
            if last > first:
                loud = level * rng.uniform(0.3, 1.0)
                out[first:last] = loud * rng.normal(0, 1, last - first) * np.hanning(last - first)
            at += size + pause
    return out


A_TURNS, B_TURNS = [(1, 6), (12, 17), (20, 26)], [(7, 11), (15, 18), (27, 29)]


def call(bleed_db: float | None, delay_ms: int = 40, noise: float = 1e-4):
    """Two parties; channel 0 leaks into channel 1. (2, frames) dB and the true speech frames."""
    rng = np.random.default_rng(5)
    a, b = voice(30, A_TURNS, 1), voice(30, B_TURNS, 2)
    mixed = b.copy()
    if bleed_db is not None:
        shift = delay_ms * RATE // 1000
        mixed[shift:] += 10 ** (bleed_db / 20) * a[: len(a) - shift]
    data = np.stack([a, mixed]) + rng.normal(0, noise, (2, len(a)))
    return frame_db(data.astype(np.float32), RATE), frame_db(np.stack([a, b]), RATE) > -60


def inside(frames: int, turns: list[tuple[float, float]], margin: float) -> np.ndarray:
    at = np.arange(frames) * 0.02
    return np.any([(at >= s - margin) & (at < e + margin) for s, e in turns], axis=0)


@pytest.mark.parametrize("bleed_db", [-14, -20, -26, -32])
@pytest.mark.parametrize("delay_ms", [0, 40, 200, 400])
def test_a_leaked_copy_is_marked_and_speech_is_kept(bleed_db, delay_ms):
    levels, speaking = call(bleed_db, delay_ms)
    marks = leaked(levels)
    frames = levels.shape[1]
    assert not marks[0].any()
    # Where only the copy can be heard in channel 1, nearly all of what is audible is marked …
    only_copy = inside(frames, A_TURNS, 0) & ~inside(frames, B_TURNS, 0.5)
    audible = only_copy & (levels[1] > -65)
    assert np.count_nonzero(audible) > 200
    assert marks[1][audible].mean() > 0.85
    # … and where the second party speaks, alone or at the same time, nearly nothing is.
    assert marks[1][speaking[1]].mean() < 0.05


def test_no_bleed_nothing_marked():
    levels, _ = call(None)
    assert leaked(levels).mean() < 0.01


def test_bleed_gain_finds_delay_and_level():
    levels, _ = call(-20, 200)
    found = bleed_gain(levels[0].astype(float), levels[1].astype(float))
    assert found is not None
    assert found[0] == 10 and found[1] == pytest.approx(-20, abs=2)
    assert bleed_gain(levels[1].astype(float), levels[0].astype(float)) is None


def test_odd_shapes():
    assert leaked(np.zeros((1, 50))).shape == (1, 50)
    assert leaked(np.zeros((2, 0))).shape == (2, 0)
    assert not leaked(np.zeros((2, 3))).any()
    assert not leaked(np.full((2, 500), -100.0)).any()
    assert not leaked(np.tile(np.array([[-20.0], [-40.0]]), (1, 500))).any()
    silent = np.stack([call(-20)[0][0], np.full(1500, -np.inf)])
    assert not leaked(silent).any()


def slow_leaked(frames_db: np.ndarray) -> np.ndarray:
    """The same definition, frame by frame."""
    levels = [[max(-90.0, float(v)) for v in row] for row in frames_db]
    marks = np.zeros(frames_db.shape, bool)
    for s, source in enumerate(levels):
        for c, copy in enumerate(levels):
            if s == c:
                continue
            loud = np.percentile(source, 10) + 12
            best = None
            for lag in range(min(MAX_LAG + 1, len(source))):
                pairs = [
                    (source[i], copy[i + lag])
                    for i in range(len(source) - lag)
                    if source[i] >= loud and source[i] - copy[i + lag] >= LOUDER_DB
                ]
                if len(pairs) < 25:
                    continue
                alike = pearson([p[0] for p in pairs], [p[1] for p in pairs])
                if best is None or alike > best[0] + 1e-9:
                    best = (alike, lag, float(np.median([b - a for a, b in pairs])))
            if best is None or best[0] < ALIKE:
                continue
            _, lag, gain = best
            ahead, behind = source[: len(source) - lag], copy[lag:]
            for i in range(len(ahead)):
                near = slice(max(0, i - WINDOW), i + WINDOW + 1)
                louder = ahead[i] - behind[i] >= LOUDER_DB
                expected = behind[i] - ahead[i] <= gain + EXCESS_DB
                if louder and expected and pearson(ahead[near], behind[near]) >= ALIKE:
                    marks[c, i + lag] = True
    return marks


def pearson(a: list[float], b: list[float]) -> float:
    if np.std(a) * np.std(b) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("seed", range(6))
def test_fast_equals_slow(seed):
    rng = np.random.default_rng(seed)
    source = np.cumsum(rng.normal(0, 3, 240)) % 40 - 60
    copy = np.roll(source, seed * 3) - rng.uniform(8, 30) + rng.normal(0, 1 + seed, 240)
    own = rng.random(240) < 0.2
    copy[own] = rng.uniform(-70, -20, np.count_nonzero(own))
    frames = np.stack([source, copy, rng.uniform(-80, -20, 240)])
    fast, slow = leaked(frames), slow_leaked(frames)
    assert np.array_equal(fast, slow)
    if seed < 3:
        assert fast.any()
