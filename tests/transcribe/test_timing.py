"""Words laid onto sound: who gets what a comma held, and what may never happen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import Piece, Span, Window
from voiceguard.transcribe.engines.timing import Timed, lay, sounding, syllables

#: 20 ms each: a voice, a pause.
VOICE, PAUSE = [True], [False]


@pytest.mark.parametrize(("words", "loud", "laid"), [
    pytest.param([(1, 0, 300), (0, 300, 500), (1, 500, 800)], VOICE * 15 + PAUSE * 10 + VOICE * 15,
                 [(0, 300), (300, 500), (500, 800)], id="enough time stays as it is"),
    pytest.param([(1, 0, 300), (1, 300, 300), (0, 300, 600), (1, 600, 900)], VOICE * 45,
                 [(0, 300), (300, 600), (600, 600), (600, 900)], id="a comma took a word's sound"),
    pytest.param([(1, 0, 0), (0, 0, 1000), (1, 1000, 1000)],
                 VOICE * 20 + PAUSE * 10 + VOICE * 20,
                 [(0, 400), (600, 600), (600, 1000)], id="on both sides, with a pause between"),
    pytest.param([(1, 0, 300), (1, 300, 300)], VOICE * 30,
                 [(0, 300), (300, 600)], id="the end of the text took it"),
    pytest.param([(1, 0, 60), (1, 60, 460)], VOICE * 23,
                 [(0, 230), (230, 460)], id="a word took it"),
    pytest.param([(1, 0, 400), (1, 400, 400), (1, 400, 500)], VOICE * 25,
                 [(0, 200), (200, 400), (400, 500)], id="the richer neighbour shares"),
    pytest.param([(3, 0, 100), (1, 100, 500)], VOICE * 25,
                 [(0, 375), (375, 500)], id="by syllables"),
    pytest.param([(1, 0, 0), (1, 0, 100)], PAUSE * 30, [(0, 0), (0, 100)], id="nothing sounds"),
    pytest.param([], VOICE * 5, [], id="nothing was said"),
    pytest.param([(1, 0, 0)], [], [(0, 0)], id="no frame"),
])  # fmt: skip
def test_lay(
    words: list[tuple[int, float, float]], loud: list[bool], laid: list[tuple[float, float]]
) -> None:
    assert lay([Timed(*w) for w in words], np.array(loud, np.bool_)) == laid


@st.composite
def warped(draw: st.DrawFn) -> tuple[list[Timed], np.ndarray]:
    """What time warping gives: words and marks in order, many of no length."""
    loud = draw(st.lists(st.booleans(), min_size=1, max_size=80))
    steps = draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 0, 20, 80, 300])),
                          max_size=15))
    out, at = [], 0.0
    for count, length in steps:
        end = min(at + length, len(loud) * 20)
        out.append(Timed(count, at, end))
        at = end
    return out, np.array(loud)


@given(warped())
def test_words_stay_in_order_and_get_what_they_need_where_there_is_enough(
    case: tuple[list[Timed], np.ndarray],
) -> None:
    words, loud = case
    by_ms = np.repeat(loud, 20)
    laid = lay(words, loud)
    assert all(a <= b + 1e-6 for a, b in laid)
    assert all(one[1] <= other[0] + 1e-6 for one, other in pairwise(laid))
    assert not laid or (laid[0][0] >= 0 and laid[-1][1] <= len(by_ms))
    if by_ms.sum() >= 80 * sum(w.syllables for w in words):
        for (start, end), word in zip(laid, words, strict=True):
            assert by_ms[round(start) : round(end)].sum() >= 80 * word.syllables - 1


def test_a_pause_and_the_gap_between_pieces_do_not_sound() -> None:
    rng = np.random.default_rng(0)
    voice = rng.standard_normal(4800).astype(np.float32) * 0.1
    line = rng.standard_normal(4800).astype(np.float32) * 0.003
    samples = np.concatenate([voice, line, np.zeros(6400, np.float32), voice])
    pieces = (Piece(Span(0, 600), 0), Piece(Span(5000, 5300), 1000))
    loud = sounding(Window("c:0:0", 0, pieces, samples))
    assert loud.tolist() == VOICE * 15 + PAUSE * 35 + VOICE * 15


@pytest.mark.parametrize(("text", "count"), [
    ("停", 1), ("停息", 2), ("，", 0), (" ", 0), ("�", 0), ("APP", 1), (" money", 2), ("好。", 1),
    ("12", 1),
])  # fmt: skip
def test_syllables(text: str, count: int) -> None:
    assert syllables(text) == count
