"""What the guards find reaches the report, on the right turn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiceguard.domain import Piece, Span, Window, Word
from voiceguard.errors import SettingsError
from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
from voiceguard.report.document import report_document
from voiceguard.rules import load_library, load_playbook
from voiceguard.settings import load_settings, parse_guards
from voiceguard.speech import SpeechOptions
from voiceguard.speech.fake import LoudnessDetector
from voiceguard.transcribe import GUARDS, GuardOptions, TranscribeOptions
from voiceguard.transcribe.engines.fake import FakeTranscriber

RATE = 8000
JUDGE = Judge(load_library(), load_playbook())
DEMAND = "你们凭什么骗我"


class Inventor(FakeTranscriber):
    """Says some things and invents others, by channel and by the second at which a piece begins."""

    longest = 12_000

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        for window in windows:
            yield window.id, tuple(w for p in window.pieces for w in self._piece(window, p))

    def _piece(self, window: Window, piece: Piece) -> list[Word]:
        start, end = piece.span.start, piece.span.end
        script = {
            (0, 1): ("您好请问哪位", start, end),
            (1, 5): (DEMAND + "我知道了" * 30, start, end),  # a loop, far too fast
            (0, 12): ("请不吝点赞订阅转发", start, end),  # a turn of its own
            (1, 16): (DEMAND * 3, start, end),  # said
            (0, 22): ("谢谢", end + 50_000, end + 60_000),  # past the end
        }
        text, a, b = script[window.channel, round(start / 1000)]
        n = len(text)
        return [Word(c, Span(a + (b - a) * k // n, a + (b - a) * (k + 1) // n), 0.9)
                for k, c in enumerate(text)]


@pytest.fixture
def call(tmp_path: Path) -> Path:
    data = np.zeros((25 * RATE, 2))
    for channel, start, end in ((0, 1, 3), (1, 5, 9), (0, 12, 15), (1, 16, 21), (0, 22, 23)):
        wave = np.sin(2 * np.pi * (300 + 200 * channel) * np.arange((end - start) * RATE) / RATE)
        data[start * RATE : end * RATE, channel] = 0.2 * wave
    soundfile.write(tmp_path / "a.wav", data, RATE)
    return tmp_path / "a.wav"


def analyze(path: Path, guards: GuardOptions | None = None) -> Heard:
    options = AnalyzeOptions(speech=SpeechOptions(min_silence=300),
                             guards=guards or GuardOptions())
    analyzer = Analyzer(Inventor(Path(), TranscribeOptions()), JUDGE, options,
                        detector=LoudnessDetector)
    (heard,) = analyzer.analyze([Call("a.wav", str(path))])
    assert isinstance(heard, Heard)
    return heard


def test_warnings_reach_the_report_on_their_turns(call: Path) -> None:
    document = report_document(analyze(call).report)
    assert [(t["index"], t["channel"], t["text"]) for t in document["turns"]] == [
        (0, 0, "您好请问哪位"), (1, 1, DEMAND + "我知道了"), (2, 1, DEMAND * 3), (3, 0, "谢谢")]
    warnings = {w["code"]: w for w in document["warnings"]}
    assert warnings["repetition_loop"]["turn"] == 1
    assert warnings["known_invention"]["turn"] is None  # its turn is gone
    assert "12.0–15.0 s on channel 0" in warnings["known_invention"]["message"]
    assert warnings["word_times_repaired"]["turn"] == 3
    assert len(document["warnings"]) == 3
    for turn in document["turns"]:
        times = [t for w in turn["words"] for t in (w["start"], w["end"])]
        assert times == sorted(times)
        assert turn["start"] <= times[0] <= times[-1] <= turn["end"] <= 25
    assert document["engine"]["options"]["guards"] == ",".join(GUARDS)


def test_a_second_run_gives_the_same_report(call: Path) -> None:
    first, second = (json.dumps(report_document(analyze(call).report)) for _ in range(2))
    assert first == second


def test_without_guards_all_is_kept_and_nothing_is_warned_of(call: Path) -> None:
    document = report_document(analyze(call, GuardOptions(active=("times",))).report)
    assert {w["code"] for w in document["warnings"]} == {"word_times_repaired"}
    assert [t["text"] for t in document["turns"]] == [
        "您好请问哪位", DEMAND + "我知道了" * 30, "请不吝点赞订阅转发", DEMAND * 3, "谢谢"]


def test_guards_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_guards(load_settings().guards) == GUARDS
    assert parse_guards("none") == ()
    assert parse_guards("rate, times") == ("times", "rate")
    monkeypatch.setenv("VOICEGUARD_GUARDS", "loops,luck")
    with pytest.raises(SettingsError, match="VOICEGUARD_GUARDS: no guard 'luck'"):
        load_settings()
