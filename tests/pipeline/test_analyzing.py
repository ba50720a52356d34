"""Recordings through all stages, with a recogniser that says what it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiceguard.domain import CallInfo, Word
from voiceguard.errors import AudioError
from voiceguard.match import Matcher
from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Failed, Heard, Judge, unique_ids
from voiceguard.rules import load_library, load_playbook
from voiceguard.speech import SpeechOptions
from voiceguard.speech.fake import LoudnessDetector
from voiceguard.transcribe import TranscribeOptions
from voiceguard.transcribe.engines.fake import FakeTranscriber, ReplayTranscriber

RATE = 8000
OPTIONS = AnalyzeOptions(speech=SpeechOptions(min_silence=300))
JUDGE = Judge(load_library(), load_playbook())


class Scripted(FakeTranscriber):
    """Says one text on channel 0 and another on channel 1."""

    texts = ("您好，请问哪位", "我交了三千块让人家法务替我跟你们谈")

    def transcribe(self, windows):  # type: ignore[no-untyped-def]
        for window in windows:
            self.text = self.texts[window.channel]
            yield from super().transcribe([window])


def tone(seconds: float, hertz: float = 300) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def write(path: Path, *channels: list[tuple[float, float]], seconds: float = 14) -> Path:
    """A file whose channels are loud in the given ``(start, end)`` stretches."""
    data = np.zeros((round(seconds * RATE), len(channels)))
    for c, parts in enumerate(channels):
        for start, end in parts:
            at = round(start * RATE)
            data[at : at + round((end - start) * RATE), c] = tone(end - start, 300 + 170 * c)
    soundfile.write(path, data, RATE, subtype="ALAW")
    return path


def analyze(
    *paths: Path, engine: type[FakeTranscriber] = Scripted, **info: str
) -> list[Heard | Failed]:
    analyzer = Analyzer(engine(Path(), TranscribeOptions()), JUDGE, OPTIONS,
                        detector=LoudnessDetector)
    calls = [Call(p.name, str(p), CallInfo.of(info)) for p in paths]
    return list(analyzer.analyze(calls))


def test_the_channel_is_the_speaker(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [(0.5, 3)], [(4, 9)])
    (heard,) = analyze(path, team="north")
    assert isinstance(heard, Heard)
    transcript = heard.report.transcript
    assert [(t.role, t.channel, t.text) for t in transcript.turns] == [
        ("agent", 0, "您好，请问哪位"), ("customer", 1, "我交了三千块让人家法务替我跟你们谈")]
    assert [round(t.span.start / 1000, 1) for t in transcript.turns if t.span] == [0.5, 4.0]
    assert transcript.info.get("team") == "north"
    assert transcript.recording is not None
    assert transcript.recording.duration == pytest.approx(14_000, abs=20)
    (flag,) = [f for f in heard.report.flags if f.category == "illegal_agency"][:1]
    assert flag.turns == (1,)
    assert flag.span is not None
    assert 4000 <= flag.span.start < flag.span.end <= 9000


def test_both_channels_the_same_are_one_party_unknown(tmp_path: Path) -> None:
    data = np.repeat(np.concatenate([np.zeros(4000), tone(2), np.zeros(8000)])[:, None], 2, axis=1)
    soundfile.write(tmp_path / "a.wav", data, RATE)
    (heard,) = analyze(tmp_path / "a.wav")
    assert isinstance(heard, Heard)
    assert [t.role for t in heard.report.transcript.turns] == ["unknown"]
    assert "identical_channels" in {n.code for n in heard.report.transcript.notices}


def test_a_soft_copy_of_the_other_channel_is_not_transcribed_twice(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    agent = np.zeros(12 * RATE)
    for start in (1, 3, 5, 8):
        burst = rng.standard_normal(RATE) * np.hanning(RATE) * 0.2
        agent[start * RATE : start * RATE + RATE] = burst
    leak = 0.05 * np.concatenate([np.zeros(160), agent[:-160]])
    leak[10 * RATE : 11 * RATE] += rng.standard_normal(RATE) * 0.1
    soundfile.write(tmp_path / "a.wav", np.stack([agent, leak], axis=1), RATE)
    (heard,) = analyze(tmp_path / "a.wav")
    assert isinstance(heard, Heard)
    turns = heard.report.transcript.turns
    customer = [t.span.start for t in turns if t.role == "customer" and t.span]
    assert [round(ms / 1000) for ms in customer] == [10]


def test_a_line_that_only_rings_is_no_answer_and_decodes_nothing(tmp_path: Path) -> None:
    class Untouched(FakeTranscriber):
        def transcribe(self, windows):  # type: ignore[no-untyped-def]
            assert list(windows) == []
            return iter(())

    ringing = np.concatenate([tone(1, 450), np.zeros(4 * RATE)] * 3)
    soundfile.write(tmp_path / "a.wav", np.stack([0 * ringing, ringing], axis=1), RATE)
    analyzer = Analyzer(Untouched(Path(), TranscribeOptions()), JUDGE, OPTIONS)
    (heard,) = analyzer.analyze([Call("a", str(tmp_path / "a.wav"))])
    assert isinstance(heard, Heard)
    assert heard.report.assessment.outcome == "no_answer"
    (event,) = heard.report.transcript.events
    assert (event.kind, event.channel) == ("tone", 1)
    assert event.value == pytest.approx(450, abs=2)
    assert event.span.start <= 50
    assert event.span.end == pytest.approx(11_000, abs=60)


def test_silence_is_not_assessable(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((RATE * 3, 2)), RATE)
    (heard,) = analyze(tmp_path / "a.wav")
    assert isinstance(heard, Heard)
    assessment = heard.report.assessment
    assert (assessment.outcome, assessment.disposition) == ("no_speech", "not_assessable")


def test_a_broken_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good = [write(tmp_path / f"{n}.wav", [(0.5, 2)], [(3, 5)], seconds=6) for n in "ac"]
    bad = tmp_path / "b.wav"
    bad.write_text("no audio at all")
    results = analyze(good[0], bad, tmp_path / "missing.wav", good[1])
    assert sorted(r.call.id for r in results if isinstance(r, Heard)) == ["a.wav", "c.wav"]
    failed = [r for r in results if isinstance(r, Failed)]
    assert sorted(r.call.id for r in failed) == ["b.wav", "missing.wav"]
    assert all(isinstance(r.error, AudioError) for r in failed)


def test_windows_of_many_calls_may_come_back_in_any_order(tmp_path: Path) -> None:
    class Backwards(Scripted):
        def transcribe(self, windows):  # type: ignore[no-untyped-def]
            yield from reversed(list(super().transcribe(windows)))

    paths = [write(tmp_path / f"{n}.wav", [(0.5, 3)], [(4, 9)]) for n in "abc"]
    straight = {r.call.id: r.report for r in analyze(*paths) if isinstance(r, Heard)}
    back = {r.call.id: r.report for r in analyze(*paths, engine=Backwards) if isinstance(r, Heard)}
    assert straight == back
    assert len(straight) == 3


def test_the_same_input_gives_the_same_report(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [(0.5, 3)], [(4, 9)])
    first, second = (analyze(path)[0] for _ in range(2))
    assert isinstance(first, Heard)
    assert isinstance(second, Heard)
    assert first.report == second.report


def test_a_replayed_transcript_gives_the_same_words(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [(0.5, 3)], [(4, 9)])
    (first,) = analyze(path)
    assert isinstance(first, Heard)
    replay = ReplayTranscriber({"a.wav": first.report.transcript})
    analyzer = Analyzer(replay, JUDGE, OPTIONS, detector=LoudnessDetector)
    (again,) = analyzer.analyze([Call("a.wav", str(path))])
    assert isinstance(again, Heard)
    words: list[tuple[Word, ...]] = [t.words for t in again.report.transcript.turns]
    assert words == [t.words for t in first.report.transcript.turns]


def test_matching_turn_by_turn_is_matching_the_whole() -> None:
    from voiceguard.domain import Transcript, Turn
    from voiceguard.match import match_transcript

    texts = ["您好", "我交了三千块让人家法务替我跟你们谈", "群里教我这么说"]
    turns = tuple(Turn(i, t, "customer") for i, t in enumerate(texts))
    matcher = Matcher(load_library().rules)
    whole = match_transcript(matcher, Transcript("c", turns))
    single = [m for t in turns for m in matcher.feed(t)] + matcher.finish()
    assert list(whole) == single
    assert whole


@pytest.mark.parametrize(
    ("paths", "ids"),
    [
        (["x/a.wav"], ["a.wav"]),
        (["x/a.wav", "y/a.wav"], ["x/a.wav", "y/a.wav"]),
        (["x/a.wav", "x/b.wav"], ["a.wav", "b.wav"]),
        (["x/a.wav", "x/a.wav"], ["a.wav", "a.wav#2"]),
        (["m/x/a.wav", "n/x/a.wav", "b.wav"], ["m/x/a.wav", "n/x/a.wav", "b.wav"]),
    ],
)
def test_ids_tell_calls_apart(paths: list[str], ids: list[str]) -> None:
    assert unique_ids([Path(p) for p in paths]) == tuple(ids)
