from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from silero_vad import load_silero_vad

from voiceguard.domain import RATE
from voiceguard.speech.silero import FRAME, Silero


def sound(frames: int) -> np.ndarray:
    """Vowel-like bursts among noise, so that the probabilities move."""
    rng = np.random.default_rng(5)
    t = np.arange(frames * FRAME) / RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 12))
    bursts = (np.sin(2 * np.pi * 3 * t) > 0) & (t % 2 < 1.2)
    return (0.1 * voice * bursts + 0.003 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.mark.parametrize("cuts", [[], [1], [100, 101, 700], [512]])
def test_blocks_give_what_the_package_gives_frame_by_frame(cuts: list[int]) -> None:
    samples = sound(800)
    theirs = load_silero_vad(onnx=False)
    with torch.inference_mode():
        want = [float(theirs(torch.from_numpy(f)[None], RATE)) for f in samples.reshape(-1, FRAME)]
    ours = Silero()
    edges = [0, *cuts, 800]
    got = [
        ours.probabilities(samples[a * FRAME : b * FRAME])
        for a, b in itertools.pairwise(edges)
    ]
    assert max(want) > 0.5 > min(want)
    np.testing.assert_allclose(np.concatenate(got), want, atol=1e-4)


def test_half_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="700"):
        Silero().probabilities(np.zeros(700, np.float32))
