"""Whatever times a recogniser gives, a phrase never leaves the turn that said it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguard.domain import Span, Window, Word
from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
from voiceguard.rules import load_library, load_playbook
from voiceguard.speech.fake import LoudnessDetector
from voiceguard.transcribe import GuardOptions, TranscribeOptions
from voiceguard.transcribe.engines.fake import FakeTranscriber

RATE = 8000
TALKS = ((0, 1, 3), (1, 4, 7), (0, 7, 9), (1, 12, 14))
PHRASE = "我交了三千块，让人家法务替我跟你们谈"
JUDGE = Judge(load_library(), load_playbook())
TIME = st.tuples(st.integers(-2_000, 20_000), st.integers(0, 5_000))
TIMES = st.lists(st.lists(TIME, min_size=len(PHRASE), max_size=len(PHRASE)),
                 min_size=len(TALKS), max_size=len(TALKS))


class Astray(FakeTranscriber):
    """Says the phrase in every window, at the times it is told: by window ``(start, length)``."""

    longest = 3_500
    times: list[list[tuple[int, int]]] = []

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        for window, times in zip(windows, self.times, strict=True):
            yield window.id, tuple(Word(c, Span(max(0, at), max(0, at) + length), 0.9)
                                   for c, (at, length) in zip(PHRASE, times, strict=True))


def analyze(call: Path, times: list[list[tuple[int, int]]]) -> Heard:
    engine = Astray(Path(), TranscribeOptions())
    engine.times = times
    options = AnalyzeOptions(guards=GuardOptions(active=("times",)))
    analyzer = Analyzer(engine, JUDGE, options, detector=LoudnessDetector)
    (heard,) = analyzer.analyze([Call("a", str(call))])
    assert isinstance(heard, Heard)
    return heard


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = np.zeros((15 * RATE, 2))
    for channel, start, end in TALKS:
        wave = np.sin(2 * np.pi * (300 + 200 * channel) * np.arange((end - start) * RATE) / RATE)
        data[start * RATE : end * RATE, channel] = 0.2 * wave
    path = tmp_path_factory.mktemp("calls") / "a.wav"
    soundfile.write(path, data, RATE)
    return path


@settings(max_examples=8)
@given(TIMES)
def test_phrases_lie_inside_their_turn(call: Path, times: list[list[tuple[int, int]]]) -> None:
    report = analyze(call, times).report
    turns = report.transcript.turns
    assert [(t.channel, t.text) for t in turns] == [(c, PHRASE) for c, _, _ in TALKS]
    for turn, (_, start, end) in zip(turns, TALKS, strict=True):
        assert turn.span is not None
        assert turn.span.overlap(Span(start * 1000, end * 1000))
        for word in turn.words:
            assert word.span is not None
            assert turn.span.start <= word.span.start <= word.span.end <= turn.span.end
    assert {e.turn for f in report.flags for e in f.evidence} >= {1, 3}
    for evidence in (e for f in report.flags for e in f.evidence):
        own = turns[evidence.turn].span
        assert own is not None
        assert evidence.span is not None
        assert own.start <= evidence.span.start <= evidence.span.end <= own.end
