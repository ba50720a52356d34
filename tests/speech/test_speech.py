from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import RATE, Span
from voiceguard.speech import Packer, SileroDetector, Speech, SpeechOptions
from voiceguard.speech.detector import FRAME_MS, Hysteresis
from voiceguard.speech.packing import GAP_MS, LONGEST_MS


def run(probabilities: list[float], options: SpeechOptions) -> list[Span]:
    machine = Hysteresis(options)
    spans = [s for p in probabilities for s in machine.feed(p)]
    return spans + machine.finish(len(probabilities) * FRAME_MS)


def test_a_pause_ends_a_span_and_a_short_one_does_not() -> None:
    options = SpeechOptions(min_silence=320, pad=0, min_speech=0)
    quiet = 320 // FRAME_MS
    assert run([0.9] * 20 + [0.1] * quiet + [0.9] * 20, options) == [
        Span(0, 20 * FRAME_MS), Span((20 + quiet) * FRAME_MS, (40 + quiet) * FRAME_MS)]
    assert len(run([0.9] * 20 + [0.1] * (quiet - 1) + [0.9] * 20, options)) == 1


def test_a_click_is_no_speech() -> None:
    assert run([0.1] * 9 + [0.9] + [0.1] * 30, SpeechOptions()) == []


def test_the_longest_span_is_cut_where_speech_is_least_likely() -> None:
    options = SpeechOptions(longest=100 * FRAME_MS, pad=0)
    likely = [0.9] * 100
    likely[70] = 0.45
    first, *_ = run(likely + [0.9] * 50, options)
    assert first == Span(0, 70 * FRAME_MS)


chances = st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), max_size=400)


@given(chances, st.integers(100, 600), st.integers(0, 200))
def test_spans_are_in_order_apart_and_inside(p: list[float], silence: int, pad: int) -> None:
    options = SpeechOptions(min_silence=silence, pad=min(pad, silence // 2), longest=3000)
    spans = run(p, options)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(0 <= s.start <= s.end <= len(p) * FRAME_MS + options.pad for s in spans)
    assert all(s.duration <= options.longest + 2 * options.pad + FRAME_MS for s in spans)


def speech(start: int, length: int) -> Speech:
    samples = np.full(length * RATE // 1000, start / 1e6, np.float32)
    return Speech(Span(start, start + length), samples, -20.0)


lengths = st.lists(st.tuples(st.integers(50, 9000), st.integers(0, 4000)), max_size=30)


@given(lengths)
def test_windows_hold_every_span_once_and_map_back(parts: list[tuple[int, int]]) -> None:
    packer, at, given_ = Packer("c", 1), 0, []
    windows = []
    for length, pause in parts:
        given_.append(speech(at + pause, length))
        at += pause + length
        windows += packer.feed(given_[-1])
    windows += packer.finish()
    pieces = [p for w in windows for p in w.pieces]
    assert [p.span for p in pieces] == [s.span for s in given_]
    assert len({w.id for w in windows}) == len(windows)
    for window in windows:
        assert window.duration <= LONGEST_MS
        for i, piece in enumerate(window.pieces):
            middle = (piece.at + piece.end) / 2
            assert window.piece_at(middle) == i
            assert window.in_recording(piece.at, i) == piece.span.start
            assert window.in_recording(1e9, i) == piece.span.end
            sample = window.samples[round(middle * RATE / 1000)]
            assert sample == pytest.approx(piece.span.start / 1e6)
        for a, b in pairwise(window.pieces):
            assert b.at - a.end in (GAP_MS, GAP_MS + 1, GAP_MS - 1)


def tones(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.1 * np.sin(2 * np.pi * 450 * t)).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [np.zeros(5 * RATE, np.float32), tones(5),
     np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32) * 0.01,
     np.zeros(100, np.float32)],
    ids=["silence", "ring-back", "noise", "a few samples"],
)
def test_what_is_no_speech_gives_no_span(samples: np.ndarray) -> None:
    detector = SileroDetector()
    assert detector.feed(samples) + detector.finish() == []
