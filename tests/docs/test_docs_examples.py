"""Every example in the pages is read by what really reads it."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from doc_pages import Block, blocks, page

from voiceguard.assess import FlagOptions
from voiceguard.cli.app import app
from voiceguard.domain import Piece, Span, Transcript, Window
from voiceguard.errors import RulesError
from voiceguard.evaluate import check_examples
from voiceguard.ingest import (
    from_filename,
    read_labelled,
    read_metadata,
    read_transcripts,
    sidecar,
)
from voiceguard.pipeline import Judge
from voiceguard.report import Exhibit
from voiceguard.report.document import report_document
from voiceguard.rules import load_library, load_playbook
from voiceguard.settings import load_settings
from voiceguard.transcribe import TranscribeOptions


def name(block: Block) -> str:
    return block.name


def lines() -> list[str]:
    """Every call of the command in a shell block, without pipes and redirections."""
    out = []
    for block in blocks("sh"):
        for line in block.text.splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            part: list[str] = []
            for token in [*lexer, "|"]:
                if token not in ("|", ">", "&&", ";"):
                    part.append(token)
                    continue
                if part and part[0].removeprefix(".venv/bin/") == "voiceguard":
                    out.append(shlex.join(part[1:]))
                part = []
    return out


@pytest.mark.parametrize("line", lines())
def test_shell_lines_parse(line: str) -> None:
    command, arguments = typer.main.get_command(app), shlex.split(line)
    while below := getattr(command, "commands", None):
        command = below[arguments.pop(0)]
    context = command.make_context("voiceguard", arguments)  # parses, and runs nothing
    assert context.command is command


def test_there_are_shell_lines() -> None:
    assert len(lines()) > 20


@pytest.mark.parametrize("block", blocks("json"), ids=name)
def test_json_examples_are_read(block: Block, tmp_path: Path) -> None:
    value = json.loads(block.text)
    path = tmp_path / "call.json"
    path.write_text(block.text, "utf-8")
    if "turns" not in value:
        info = sidecar(tmp_path / "call.wav")
        assert {key for key, _ in info} == {"agent_id", "customer_id", "days_overdue"}
    elif any("labels" in turn for turn in value["turns"]):
        (call,) = read_labelled(path)
        assert any(call.labels)
    else:
        (call,) = read_transcripts(path)
        assert isinstance(call, Transcript)
        assert not call.notices
        assert len(call.turns) == len(value["turns"])


def yaml_block(first: str) -> str:
    return next(b.text for b in blocks("yaml") if b.text.startswith(first))


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The rule and the playbook of the page in ``my-rules`` below the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path("my-rules")
    folder.mkdir()
    (folder / "my_team.yaml").write_text(yaml_block("library:"), "utf-8")
    (folder / "playbook.yaml").write_text(yaml_block("actions:"), "utf-8")
    return folder


def test_yaml_examples_are_read(rules: Path) -> None:
    kinds = {b.text.split(":")[0] for b in blocks("yaml")}
    assert kinds == {"library", "actions", "categories", "regex", "rulesets"}  # each is read below
    assert check_examples(load_library(rules).rules) == ()
    assert load_playbook(rules).listening == ("listen-first",)
    (rules / "categories.yaml").write_text(yaml_block("categories:"), "utf-8")
    assert [c.id for c in load_library(rules).categories] == ["anti_collection"]
    pattern = yaml.safe_load(yaml_block("regex:"))
    assert pattern in yaml.safe_load(yaml_block("library:"))["rules"][0]["any"]


@pytest.mark.parametrize(
    "block", [b for b in blocks("yaml") if b.name.startswith("writing-rules")], ids=name)
def test_every_rule_file_of_the_page_is_sound(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "rules" / "x.yaml"
    path.parent.mkdir()
    path.write_text(block.text, "utf-8")
    if block.text.startswith("rulesets:"):
        rules = load_library().only(str(path)).rules
        assert {r.library for r in rules} == {"anti_collection", "illegal_agency", "cards"}
    else:
        rules = load_library(path.parent).rules
    assert check_examples(rules) == ()


def test_the_report_is_what_the_transcript_gives(rules: Path) -> None:
    given, wanted = (b.text for b in blocks("json") if b.name.startswith("scan.md"))
    (transcript,) = read_transcripts(None, given.encode())
    assert isinstance(transcript, Transcript)
    judge = Judge(load_library(rules), load_playbook(rules), FlagOptions())
    made, shown = report_document(judge.judge(transcript)), json.loads(wanted)
    assert list(made) == list(shown)
    for report in (made, shown):
        assert len(report["rules"].pop("sha256")) == 64  # also of the shipped categories
    assert made == shown


def test_the_lint_example_is_what_lint_says(rules: Path) -> None:
    text = yaml_block("library:").replace("medium", "hihg").replace("unless:", "unles:")
    (rules / "my_team.yaml").write_text(text, "utf-8")
    with pytest.raises(RulesError) as caught:
        load_library(rules)
    said = [*map(str, caught.value.problems), f"error: {caught.value}"]
    assert "\n".join(said) in [b.text.strip() for b in blocks("text")]


def test_the_test_example_is_what_test_says(rules: Path) -> None:
    said = "你们得按规矩来办"
    text = yaml_block("library:").replace("      miss:", f"        - {said}\n      miss:")
    (rules / "my_team.yaml").write_text(text, "utf-8")
    (failure,) = check_examples(load_library(rules).rules)
    assert (f"{failure.file}:{failure.line}: {failure.rule}: should be flagged: {failure.text}\n"
            "1 rules, 7 examples, 1 wrong\n") in page("rules.md")


def test_text_example_is_read() -> None:
    (block,) = [b for b in blocks("text") if b.text.startswith("[00:00:02]")]
    (call,) = read_transcripts(Path("call.txt"), block.text.encode())
    assert isinstance(call, Transcript)
    assert [t.role for t in call.turns] == ["agent", "customer", "third_party", "agent"]
    assert [t.span is not None for t in call.turns] == [True, True, False, False]


def test_csv_example_is_read(tmp_path: Path) -> None:
    (block,) = blocks("csv")
    path = tmp_path / "calls.csv"
    path.write_bytes(block.text.encode("gb18030"))
    assert read_metadata(path).ignored == ("备注",)
    known = read_metadata(path, {"备注": "remark"})
    info = known.lookup(Path("/elsewhere/0001.wav"))
    assert known.problems == ()
    assert info.get("started_at") == "2026-03-01T10:15:00"
    assert (info.get("days_overdue"), info.get("direction")) == (35, "outbound")
    assert info.get("remark") == "回访"


@pytest.mark.parametrize("block", blocks("toml"), ids=name)
def test_toml_examples_are_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "voiceguard.toml"
    path.write_text(block.text, "utf-8")
    settings = load_settings(path)
    if settings.filename_pattern:
        info = from_filename(settings.filename_pattern, Path("20260301_A104_007131.wav"))
        assert dict(info) == {
            "agent_id": "A104", "customer_id": "007131", "started_at": "2026-03-01"
        }


def python_block(word: str) -> dict[str, Any]:
    (block,) = [b for b in blocks("python") if word in b.text]
    made: dict[str, Any] = {}
    exec(block.text, made)
    return made


def test_the_engine_example_works() -> None:
    engine = python_block("OurEngine")["OurEngine"](Path("x.pt"), TranscribeOptions())
    piece = Piece(Span(1000, 2000), 0)
    window = Window("c:0:0", 0, (piece,), np.zeros(16_000, np.float32))
    ((id_, (word,)),) = engine.transcribe([window])
    assert (id_, word.text, word.span) == ("c:0:0", "喂", piece.span)
    assert engine.engine.language == "zh"


def test_the_exporter_example_works(rules: Path) -> None:
    exporter, out = python_block("RiskLine")["RiskLine"](), io.BytesIO()
    judge = Judge(load_library(rules), load_playbook(rules))
    exporter.write([Exhibit(judge.judge(Transcript("c1")))], out)
    assert out.getvalue() == b"c1\tnot_assessable\n"
    assert exporter.suffix.startswith(".")
