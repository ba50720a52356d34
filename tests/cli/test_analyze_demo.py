"""``voiceguard analyze --model demo`` on a sample, end to end and offline."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voiceguard.cli.app import app

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CALL = SAMPLES / "calls" / "16-no-answer.wav"


def test_a_sample_becomes_files_of_every_format(tmp_path: Path, no_network: None) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    done = CliRunner().invoke(app, [
        "analyze", str(CALL), str(broken), "--model", "demo", "-o", str(tmp_path / "out"),
        "--metadata", str(SAMPLES / "metadata.csv"),
        "--format", "json,jsonl,csv,xlsx,srt,vtt,txt,audacity,html",
    ])
    assert done.exit_code == 1, done.output  # one input failed, the other is done
    assert "broken.wav" in done.stderr
    assert "Traceback" not in done.output
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"16-no-answer.json", "16-no-answer.html", "calls.csv", "calls.xlsx"} <= names
    assert len(names) == 9
    report = json.loads((tmp_path / "out" / "16-no-answer.json").read_text("utf-8"))
    assert report["metadata"]["call_id"] == "S0016"
    assert report["recording"]["channels"] == 2
    assert report["recording"]["duration"] == pytest.approx(14.9, abs=0.1)
    assert report["engine"]["model"] == "demo"
    assert report["engine"]["name"] == "faster-whisper"  # what auto takes here
    assert report["turns"]
    for turn in report["turns"]:
        assert 0 <= turn["start"] <= turn["end"] <= report["recording"]["duration"]
        assert "".join(w["text"] for w in turn["words"]) == turn["text"]
    # The ring-back tone on the customer's channel is no speech.
    assert {t["channel"] for t in report["turns"]} == {0}
    page = (tmp_path / "out" / "16-no-answer.html").read_text("utf-8")
    assert "data:audio/" in page


def test_stdout_carries_json_lines_and_nothing_else(no_network: None) -> None:
    arguments = ["analyze", str(CALL), "--model", "demo", "-o", "-", "--quiet"]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert first.exit_code == 0
    assert json.loads(first.stdout)["schema"] == "voiceguard.report/1"
    assert first.stdout == second.stdout
    assert first.stderr == ""


def test_the_engine_can_be_chosen(no_network: None) -> None:
    arguments = ["analyze", str(CALL), "--model", "demo", "-o", "-", "--quiet",
                 "--engine", "openai-whisper"]
    done = CliRunner().invoke(app, arguments)
    assert json.loads(done.stdout)["engine"]["name"] == "openai-whisper"


def test_an_engine_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    arguments = ["analyze", str(CALL), "--model", "demo", "--engine", "faster-whisper"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "pip install 'voiceguard[fast]'" in line


def test_a_damaged_model_is_one_line_with_either_engine(tmp_path: Path) -> None:
    model = tmp_path / "broken.pt"
    model.write_bytes(b"no model")
    for engine in ("auto", "faster-whisper", "openai-whisper"):
        done = CliRunner().invoke(
            app, ["analyze", str(CALL), "--model", str(model), "--engine", engine])
        assert done.exit_code == 3
        (line,) = done.stderr.splitlines()
        assert "broken.pt is not a usable Whisper checkpoint" in line
