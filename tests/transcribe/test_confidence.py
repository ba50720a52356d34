"""Confidence means: the curve beside a checkpoint, and that both engines apply it."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import Window
from voiceguard.errors import ModelError
from voiceguard.transcribe import TranscribeOptions, load_transcriber
from voiceguard.transcribe.engines.confidence import SCHEMA, Confidence, beside, confidence_of
from voiceguard.transcribe.models import DEMO_FILE

KNOTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9).map(
    lambda knots: tuple(zip(sorted({x for x, _ in knots}), sorted(y for _, y in knots),
                            strict=False)))


@given(KNOTS, st.lists(st.floats(0, 1), min_size=2))
def test_it_never_falls_and_follows_its_knots(
    knots: tuple[tuple[float, float], ...], probabilities: list[float]
) -> None:
    curve = Confidence(knots)
    found = [curve.of(p) for p in sorted(probabilities)]
    plain = np.interp(sorted(probabilities), *zip(*knots, strict=True))
    assert found == pytest.approx(list(plain), abs=1e-9)
    assert all(a <= b + 1e-12 for a, b in pairwise(found))


def test_without_a_curve_probabilities_stay(tmp_path: Path) -> None:
    raw = confidence_of(tmp_path / "small.pt", "1")
    assert (str(raw), raw.of(0.37)) == ("raw", 0.37)


@pytest.mark.parametrize(("content", "message"), [
    (b"{", "can't be read"),
    (b"\xff", "can't be read"),
    (b"[]", "is no curve of confidence"),
    (b'{"schema": "x/1"}', "is no curve of confidence"),
    ({"model_sha256": "2"}, "was fitted to another model than small.pt"),
    ({"curve": 3}, "holds no rising curve"),
    ({"curve": [[0.1]]}, "holds no rising curve"),
    ({"curve": [["a", "b"]]}, "holds no rising curve"),
    ({"curve": [[0.1, 0.5], [0.1, 0.6]]}, "holds no rising curve"),
    ({"curve": [[0.1, 0.5], [0.2, 0.4]]}, "holds no rising curve"),
    ({"curve": [[0.1, 0.5], [0.2, 1.4]]}, "holds no rising curve"),
    (b'{"schema": "%s", "model_sha256": "1", "curve": [[NaN, 0.5]]}' % SCHEMA.encode(),
     "holds no rising curve"),
])  # fmt: skip
def test_a_wrong_curve_is_one_clear_line(
    tmp_path: Path, content: bytes | dict[str, object], message: str
) -> None:
    if isinstance(content, dict):
        said = {"schema": SCHEMA, "model_sha256": "1", "curve": [[0.1, 0.5]], **content}
        content = json.dumps(said).encode()
    (tmp_path / "small.confidence.json").write_bytes(content)
    with pytest.raises(ModelError, match=rf"^small\.confidence\.json {message}"):
        confidence_of(tmp_path / "small.pt", "1")


@pytest.mark.usefixtures("warm_cache")
@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_an_engine_applies_the_curve_and_says_so(
    engine: str, sentences: tuple[Window, ...], tmp_path: Path
) -> None:
    (tmp_path / "demo.pt").symlink_to(DEMO_FILE)  # the same without a curve
    options = TranscribeOptions(temperatures=(0.0,))
    shipped = load_transcriber(engine, DEMO_FILE, options)
    alone = load_transcriber(engine, tmp_path / "demo.pt", options)
    assert dict(shipped.engine.options)["confidence"] == "calibrated"
    assert dict(alone.engine.options)["confidence"] == "raw"
    with DEMO_FILE.open("rb") as file:
        curve = confidence_of(DEMO_FILE, hashlib.file_digest(file, "sha256").hexdigest())
    ours, theirs = (
        [w for _, words in e.transcribe(sentences[:3]) for w in words] for e in (shipped, alone)
    )
    assert [(w.text, w.span) for w in ours] == [(w.text, w.span) for w in theirs]
    assert [w.confidence for w in ours] == pytest.approx(
        [curve.of(w.confidence) for w in theirs if w.confidence is not None], abs=0.003)
    assert [w.confidence for w in ours] != [w.confidence for w in theirs]


def test_the_curve_lies_beside_its_checkpoint() -> None:
    assert beside(Path("a/large.v3.pt")) == Path("a/large.v3.confidence.json")
    assert beside(DEMO_FILE).exists()
