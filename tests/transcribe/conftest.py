"""Sentences of a sample call, and a cache in which the demo model is converted only once."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from voiceguard.audio import AudioOptions, read_blocks
from voiceguard.domain import Piece, Span, Window

# ``inventing`` is imported from other folders too.
sys.path.insert(0, str(Path(__file__).parent))

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "calls" / "01-agency-hired.wav"


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def warm_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of models, kept over tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    return shared_cache


@pytest.fixture(scope="session")
def sound() -> np.ndarray:
    """The agent's first seconds, 16 kHz."""
    return next(iter(read_blocks(str(SAMPLE), AudioOptions(), [0]))).samples[0]


@pytest.fixture(scope="session")
def sentences(sound: np.ndarray) -> tuple[Window, ...]:
    """Windows with speech; the last one of two pieces with a gap left out between them."""
    def cut(span: Span) -> np.ndarray:
        return sound[span.start * 16 : span.end * 16]

    spans = (Span(700, 5200), Span(5200, 9600), Span(9600, 12_000), Span(700, 2500))
    whole = [Window(f"c:0:{i}", 0, (Piece(s, 0),), cut(s)) for i, s in enumerate(spans)]
    first, second = Span(700, 2000), Span(3500, 5200)
    samples = np.concatenate([cut(first), np.zeros(3200, np.float32), cut(second)])
    pieces = (Piece(first, 0), Piece(second, first.end - first.start + 200))
    return (*whole, Window("c:0:4", 0, pieces, samples))
