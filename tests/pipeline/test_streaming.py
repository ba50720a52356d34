"""Flags while the recording is still being read, and memory that does not grow with it."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from voiceguard.audio import Block, Reading
from voiceguard.cli.app import app
from voiceguard.domain import RATE, Event, Flag, Span, Word
from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
from voiceguard.report import report_document
from voiceguard.rules import load_library, load_playbook
from voiceguard.speech import Speech, SpeechOptions
from voiceguard.transcribe import TranscribeOptions
from voiceguard.transcribe.engines.fake import FakeTranscriber

HZ = 8000
BAD = "我交了三千块让人家法务替我跟你们谈"
JUDGE = Judge(load_library(), load_playbook())


class Loud:
    """Loud seconds are speech; each span is given when it ends, as by a real detector."""

    sounds: tuple[Event, ...] = ()

    def __init__(self, options: SpeechOptions) -> None:
        self._at = 0
        self._open: list[np.ndarray] = []

    @property
    def settled(self) -> int:
        return self._at - sum(len(s) for s in self._open) * 1000 // RATE

    def feed(self, samples: np.ndarray) -> list[Speech]:
        out = []
        for second in samples.reshape(-1, RATE):
            if np.abs(second).max() > 0.01:
                self._open.append(second.copy())
            else:
                out += self.finish()
            self._at += 1000
        return out

    def finish(self) -> list[Speech]:
        if not self._open:
            return []
        sound, self._open = np.concatenate(self._open), []
        return [Speech(Span(self._at - len(sound) * 1000 // RATE, self._at), sound, -20.0)]


class Scripted(FakeTranscriber):
    """The customer says what is flagged, the agent is polite; notes what it heard when."""

    heard: list[str]

    def transcribe(self, windows):  # type: ignore[no-untyped-def]
        for window in windows:
            self.heard = [*getattr(self, "heard", []), window.id]
            self.text = BAD if window.channel else "您好，请问哪位"
            yield from super().transcribe([window])


def write(
    path: Path, minutes: int, spans: tuple[tuple[tuple[int, int], ...], ...], kind: str = "ULAW"
) -> Path:
    """Every minute each channel is loud in its ``spans`` of whole seconds."""
    minute = np.zeros((60 * HZ, len(spans)))
    at = np.arange(60 * HZ) / HZ
    for c, parts in enumerate(spans):
        for start, end in parts:
            loud = slice(start * HZ, end * HZ)
            minute[loud, c] = 0.2 * np.sin(2 * np.pi * (300 + 170 * c) * at[loud])
    with soundfile.SoundFile(path, "w", HZ, len(spans), subtype=kind) as file:
        for _ in range(minutes):
            file.write(minute)
    return path


TALK = (((2, 6), (20, 23)), ((10, 16), (40, 45)))


def analyze(path: Path, engine: type[FakeTranscriber] = Scripted, **how: object) -> Heard:
    analyzer = Analyzer(engine(Path(), TranscribeOptions()), JUDGE,
                        AnalyzeOptions(), detector=Loud, **how)  # type: ignore[arg-type]
    (heard,) = analyzer.analyze([Call("c", str(path))])
    assert isinstance(heard, Heard), heard
    return heard


def test_a_flag_comes_before_the_end_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.wav", 12, TALK)
    events: list[str] = []
    blocks = Reading.blocks

    def watched(self: Reading) -> Iterator[Block]:
        for block in blocks(self):
            events.append("block")
            yield block

    monkeypatch.setattr(Reading, "blocks", watched)
    told: list[Flag] = []

    def on_flags(call: Call, flags: tuple[Flag, ...]) -> None:
        told.extend(flags)
        events.extend("flag" for _ in flags)

    heard = analyze(path, on_flags=on_flags)
    first = events.index("flag")
    assert events[first:].count("block") > 40  # of 72: most is still to be read
    before_last = events[: len(events) - events[::-1].index("block")].count("flag")
    assert before_last > len(told) / 2
    assert len({f.id for f in told}) == len(told) >= 24
    assert {f.id for f in told} == {f.id for f in heard.report.flags}


def test_the_report_is_the_same_with_and_without(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", 7, TALK)
    plain, early = analyze(path), analyze(path, on_flags=lambda call, flags: None)
    assert report_document(plain.report) == report_document(early.report)
    assert plain.survey == early.survey


def test_windows_may_come_back_in_any_order(tmp_path: Path) -> None:
    class Backwards(Scripted):
        def transcribe(self, windows):  # type: ignore[no-untyped-def]
            yield from reversed(list(super().transcribe(windows)))

    path = write(tmp_path / "a.wav", 7, TALK)
    assert analyze(path, Backwards).report == analyze(path).report
    told: list[Flag] = []
    heard = analyze(path, Backwards, on_flags=lambda call, flags: told.extend(flags))
    assert {f.id for f in told} == {f.id for f in heard.report.flags}


def test_a_party_that_falls_silent_does_not_hold_flags_back(tmp_path: Path) -> None:
    """The agent greets once; its window would never fill."""
    path = tmp_path / "a.wav"
    write(path, 20, ((), ((10, 16), (40, 45))))
    data, _ = soundfile.read(path)
    data[HZ : 3 * HZ, 0] = 0.2 * np.sin(np.arange(2 * HZ))
    soundfile.write(path, data, HZ, subtype="ULAW")
    read, at = 0, []

    def on_audio(call: Call, ms: int) -> None:
        nonlocal read
        read += ms

    analyze(path, on_audio=on_audio, on_flags=lambda call, flags: at.append(read))
    assert at[0] < 8 * 60_000


def test_channels_that_differ_only_later_are_both_heard(tmp_path: Path) -> None:
    """For over a minute the second channel is a copy of the first, then the customer speaks."""
    path = write(tmp_path / "a.wav", 4, (((2, 6), (20, 23)),) * 2)
    data, _ = soundfile.read(path)
    data[:, 1] = data[:, 0] * 0.5
    data[100 * HZ : 106 * HZ] = 0
    data[100 * HZ : 106 * HZ, 1] = 0.2 * np.sin(np.arange(6 * HZ) * 0.3)
    soundfile.write(path, data, HZ, subtype="PCM_16")
    early: list[Flag] = []
    heard = analyze(path, on_flags=lambda call, flags: early.extend(flags))
    turns = heard.report.transcript.turns
    assert (100_000, "customer", BAD) in [
        (t.span.start, t.role, t.text) for t in turns if t.span]
    assert "identical_channels" not in {n.code for n in heard.report.transcript.notices}
    assert set(heard.report.flags) <= set(early)
    assert analyze(path).report == heard.report


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    class Quiet(FakeTranscriber):
        """Says little, so that what grows is not the transcript; counts the sound it is given."""

        def transcribe(self, windows):  # type: ignore[no-untyped-def]
            for window in windows:
                yield window.id, (Word("好", window.pieces[0].span, 0.9),)

    talk = tuple(tuple((s, s + 4) for s in range(at, at + 50, 10)) for at in (1, 6))
    peaks = []
    for minutes in (1, 5, 20):  # the first one only loads what is loaded once
        path = write(tmp_path / f"{minutes}.wav", minutes, talk)
        tracemalloc.start()
        analyze(path, Quiet)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Twenty minutes are 51 MB of speech, and 154 MB of sound in all.
    assert peaks[2] < 1.2 * peaks[1] < 60e6


def test_the_command_prints_each_flag_once_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.wav", 3, TALK)
    monkeypatch.setattr("voiceguard.cli.analyze._transcriber",
                        lambda *_: Scripted(Path(), TranscribeOptions()))
    monkeypatch.setattr("voiceguard.pipeline.Analyzer", partial(Analyzer, detector=Loud))
    arguments = ["analyze", str(path), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--stream", "--quiet"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    report = json.loads((tmp_path / "out" / "a.json").read_text("utf-8"))
    assert [line["schema"] for line in lines] == ["voiceguard.flag/1"] * len(lines)
    assert {line["call"] for line in lines} == {"a.wav"}
    assert sorted((line["flag"] for line in lines), key=lambda f: f["id"]) == sorted(
        report["flags"], key=lambda f: f["id"])
    assert lines
    plain = CliRunner().invoke(app, [*arguments[:2], "-o", str(tmp_path / "plain"), "--quiet"])
    assert plain.exit_code == 0
    assert (tmp_path / "plain" / "a.json").read_bytes() == (
        tmp_path / "out" / "a.json").read_bytes()


def test_stream_and_reports_do_not_share_stdout(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "a.wav"), "--stream", "-o", "-"])
    assert done.exit_code == 2
