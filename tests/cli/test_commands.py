"""The command as a user types it: output, errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voiceguard.cli import main
from voiceguard.cli.app import app

ROOT = Path(__file__).resolve().parent.parent.parent
CALL = {"id": "c1", "turns": [
    {"role": "agent", "text": "您好，请问是李先生吗"},
    {"role": "customer", "text": "我交了三千块，让人家法务替我跟你们谈"},
]}


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of ``voiceguard ARGUMENTS``, as the shell would see them."""
    before = sys.argv
    sys.argv = ["voiceguard", *arguments]
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    code = stopped.value.code
    return (code if isinstance(code, int) else 0 if code is None else 1), out, err


def write(path: Path, *calls: dict) -> Path:  # type: ignore[type-arg]
    path.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in calls), "utf-8")
    return path


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['voiceguard', '--help']\n"
        "from voiceguard.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'whisper', 'librosa', 'numpy', 'pydantic', 'av', 'soundfile', 're2'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "analyze" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_scan_writes_one_json_line_a_call_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], no_network: None
) -> None:
    path = write(tmp_path / "calls.jsonl", CALL, {**CALL, "id": "c0"})
    code, out, err = run("scan", str(path), capsys=capsys)
    reports = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [r["id"] for r in reports] == ["c1", "c0"]
    first = reports[0]
    assert first["schema"] == "voiceguard.report/1"
    assert list(first) == ["schema", "id", "recording", "metadata", "engine", "rules", "turns",
                           "events", "flags", "assessment", "warnings"]
    assert {f["category"] for f in first["flags"]} == {"illegal_agency"}
    assert first["flags"][0]["turns"] == [1]
    assert first["flags"][0]["start"] is None
    assert first["assessment"]["disposition"] in ("review", "escalate")


def test_a_report_can_be_scanned_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("scan", str(write(tmp_path / "a.jsonl", CALL)), capsys=capsys)
    (tmp_path / "report.json").write_text(out, "utf-8")
    _, again, _ = run("scan", str(tmp_path / "report.json"), capsys=capsys)
    assert json.loads(again)["flags"] == json.loads(out)["flags"]


def test_a_broken_line_is_named_and_the_rest_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "calls.jsonl", CALL)
    path.write_text("{broken 机密\n" + path.read_text("utf-8"), "utf-8")
    code, out, err = run("scan", str(path), capsys=capsys)
    assert code == 1
    assert len(out.splitlines()) == 1
    assert "calls.jsonl:1" in err
    assert "机密" not in err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["scan", "{tmp}/none.json"], 1, "none.json"),
        (["scan", "{call}", "--format", "pdf"], 2, "unknown format"),
        (["scan", "{call}", "--format", "csv,html", "-o", "-"], 2, "one format"),
        (["scan", "{call}", "--rules", "{tmp}/none"], 2, "no rule folder"),
        (["scan", "{call}", "--ruleset", "nonsense"], 2, "no rule library"),
        (["scan"], 2, "Missing argument"),
        (["analyze", "{tmp}/a.wav", "--roles", "boss,customer"], 2, "no role 'boss'"),
        (["analyze", "{tmp}/a.wav", "--engine", "nonsense", "--model", "demo"], 2, "no engine"),
        (["analyze", "{tmp}/a.wav", "--model", "small"], 3, "voiceguard models pull small"),
        (["analyze", "{tmp}/a.wav", "--model", "smal"], 3, "small"),
        (["models", "path", "base"], 3, "voiceguard models pull base"),
        (["rules", "lint", "{tmp}/none"], 2, "no rule folder"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_wrong_use_gives_one_line_and_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str,
    no_network: None,
) -> None:
    call = write(tmp_path / "call.jsonl", CALL)
    filled = [a.format(tmp=tmp_path, call=call) for a in arguments]
    got, _, err = run(*filled, capsys=capsys)
    assert (got, says in err) == (code, True), err
    assert "Traceback" not in err


def test_settings_come_from_flag_environment_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = str(write(tmp_path / "call.jsonl", CALL))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voiceguard.toml").write_text('ruleset = "none_such"\n', "utf-8")
    assert run("scan", call, capsys=capsys)[0] == 2
    monkeypatch.setenv("VOICEGUARD_RULESET", "phishing")
    code, out, _ = run("scan", call, capsys=capsys)
    assert (code, json.loads(out)["flags"]) == (0, [])
    code, out, _ = run("scan", call, "--ruleset", "illegal_agency", capsys=capsys)
    assert code == 0
    assert json.loads(out)["flags"]
    (tmp_path / "voiceguard.toml").write_text("colour = 1\n", "utf-8")
    code, _, err = run("scan", call, capsys=capsys)
    assert (code, "no setting 'colour'" in err) == (2, True)
    (tmp_path / "voiceguard.toml").unlink()
    monkeypatch.setenv("VOICEGUARD_COLOUR", "1")
    code, _, err = run("scan", call, capsys=capsys)
    assert (code, "VOICEGUARD_COLOUR" in err) == (2, True)


def test_files_of_the_same_name_do_not_overwrite_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "call.jsonl", CALL)
    paths = [str(tmp_path / f / "call.jsonl") for f in ("monday", "tuesday")]
    out = tmp_path / "out"
    code, _, _ = run("scan", *paths, "-o", str(out), "--format", "json,csv,txt", capsys=capsys)
    assert code == 0
    assert len(list(out.glob("*.json"))) == 2
    assert len(list(out.glob("*.txt"))) == 2
    assert (out / "calls.csv").read_text("utf-8-sig").count("illegal_agency") >= 2


def test_rules_test_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "library: {name: mine, version: 1.0.0}\n"
        "rules:\n"
        "  - id: phishing.link\n"
        "    title: {zh: 点了链接, en: Opened a link}\n"
        "    category: phishing\n"
        "    severity: low\n"
        "    roles: [customer]\n"
        "    any: [点了那个链接]\n"
        "    examples: {hit: [我点了那个链接], miss: [我没点了那个链接]}\n",
        "utf-8",
    )
    done = CliRunner().invoke(app, ["rules", "test", str(tmp_path)])
    assert done.exit_code == 1
    assert "mine.yaml:3: phishing.link: should not be flagged: 我没点了那个链接" in done.output


def test_eval_counts_turns_and_categories(tmp_path: Path) -> None:
    labelled = {**CALL, "risk": "high", "turns": [
        {**CALL["turns"][0], "labels": []},  # type: ignore[dict-item]
        {**CALL["turns"][1], "labels": ["illegal_agency"]},  # type: ignore[dict-item]
    ]}
    path = write(tmp_path / "calls.jsonl", labelled)
    done = CliRunner().invoke(app, ["eval", str(path), "--json"])
    figures = json.loads(done.stdout)
    assert figures["illegal_agency"]["recall"] == 1.0
    assert figures["all categories"]["labelled"] == 1


def test_an_interruption_ends_with_130(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("voiceguard.ingest.read_transcripts", interrupt)
    code, _, err = run("scan", str(write(tmp_path / "a.jsonl", CALL)), capsys=capsys)
    assert (code, err) == (130, "interrupted\n")


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "voiceguard", "--version"], capture_output=True,
                          text=True, check=True)
    assert done.stdout.startswith("voiceguard ")
