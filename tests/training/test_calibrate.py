"""Fitting a curve of confidence, and how words are held against what was said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.calls import SENTENCES, Said, TimedCall
from benchmarks.words import Checked, calibration_error, check, curves, reliability
from training.asr.calibrate import fit
from training.asr.text import TEXT
from voiceguard.domain import Span, Transcript, Turn, Word

ROOT = Path(__file__).resolve().parents[2]


def pairs(count: int, truth: float, seed: int) -> list[tuple[float, bool]]:
    """Words that are right with chance ``p ** truth`` where ``p`` is what they claim."""
    rng = np.random.default_rng(seed)
    claimed = rng.random(count)
    return [(float(p), bool(rng.random() < p**truth)) for p in claimed]


@pytest.mark.parametrize("truth", [0.3, 1.0, 3.0], ids=["timid", "right", "boastful"])
def test_the_curve_tells_how_often_unseen_words_are_right(truth: float) -> None:
    curve = fit(pairs(6_000, truth, 1))
    words = [Checked(p, right, None) for p, right in pairs(6_000, truth, 2)]
    before, after = map(calibration_error, curves(words, curve.of))
    assert after < 0.04
    assert truth == 1.0 or before > 0.15


def test_a_recogniser_whose_probabilities_say_nothing_gets_its_share() -> None:
    rng = np.random.default_rng(3)
    curve = fit([(float(rng.random()), bool(rng.random() < 0.7)) for _ in range(6_000)])
    assert all(curve.of(p) == pytest.approx(0.7, abs=0.06) for p in (0.0, 0.2, 0.5, 0.8, 1.0))


def test_too_few_words_are_refused() -> None:
    with pytest.raises(ValueError, match="100 words are too few"):
        fit(pairs(100, 1.0, 1))


def test_calibration_error_is_counted_by_hand() -> None:
    bins = reliability([(0.95, True), (1.0, False), (0.22, False), (0.28, False)])
    assert [(b.words, b.right) for b in bins] == [(2, 0.0), (2, 0.5)]
    assert calibration_error(bins) == pytest.approx((0.25 * 2 + 0.475 * 2) / 4)


def test_words_are_held_against_what_their_own_channel_said() -> None:
    said = (Said("停", 0, 1000, 1200), Said("好", 1, 1100, 1300), Said("息", 0, 1200, 1500),
            Said("吗", 0, 1500, 1700))
    call = TimedCall("c", Path("c.wav"), 3.0, said)
    turns = (
        Turn(0, "停西吗？", channel=0, words=(
            Word("停", Span(1050, 1150), 0.9), Word("西", Span(1150, 1500), 0.2),
            Word("吗？", Span(1500, 1650), 0.8))),
        Turn(1, "您好", channel=1, words=(Word("您好", Span(900, 1310), 0.7),)),
    )
    assert check([call], {"c": Transcript("c", turns)}) == [
        Checked(0.9, True, (50, -50)), Checked(0.2, False, None), Checked(0.8, True, (0, -50)),
        Checked(0.7, False, None)]


def test_no_sentence_stands_in_a_training_text_or_a_sample() -> None:
    def plain(text: str) -> set[str]:
        return {re.sub(r"\W", "", line) for line in text.splitlines()}

    known = set().union(*(plain(p.read_text("utf-8")) for p in TEXT.glob("*.txt")))
    mine = SENTENCES.read_text("utf-8").split()
    assert len(mine) >= 150
    assert len(set(mine)) == len(mine)
    assert not plain("\n".join(mine)) & known
    samples = (ROOT / "samples" / "calls.yaml").read_text("utf-8")
    assert not [s for s in mine if s in samples]
