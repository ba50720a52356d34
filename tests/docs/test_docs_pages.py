"""The pages agree with the code: nothing stale, no dead link, nothing left out or made up."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer
from doc_pages import PAGES, ROOT, anchors, inline, page, prose, rows

from voiceguard.audio.options import ENCODINGS
from voiceguard.cli.app import app
from voiceguard.domain import ROLES
from voiceguard.errors import VoiceGuardError
from voiceguard.ingest.columns import key_of
from voiceguard.report.exporter import EXPORTERS
from voiceguard.settings import PREFIX, Settings
from voiceguard.transcribe.models import SIZES_MB

NOTICES = (
    "audio/notices.py", "ingest/notices.py", "speech/doubt.py", "transcribe/guards/guard.py",
    "voices/roles.py",
)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["settings.md", "commands.md", "categories.md", "rule-reference.md"])
def test_made_pages_are_up_to_date(generate: ModuleType, name: str) -> None:
    assert page(name) == generate.PAGES[name](), "run python docs/generate.py"


def test_check_tells_stale_pages(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.main(["--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "settings.md").write_text("old", "utf-8")
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err.split(":")[0] == "docs/settings.md"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = path.parent / name if name else path
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            dead.append(target)
    assert not dead


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_named_files_exist(path: Path) -> None:
    ours = r"(?:voiceguard|keywords|samples|tests|docs|training|benchmarks)/"
    shown = [c for c in inline(path) if re.match(ours, c) and not re.search(r"[*… ]", c)]
    # ``voiceguard/models`` lies in the user's cache.
    assert [c for c in shown if c != "voiceguard/models" and not (ROOT / c).exists()] == []


def _commands() -> set[str]:
    root = typer.main.get_command(app)
    out = set()
    for name, command in root.commands.items():
        out.add(name)
        out |= {f"{name} {below}" for below in getattr(command, "commands", {})}
    return out


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_named_commands_exist(path: Path) -> None:
    known = _commands()
    groups = {c.split()[0] for c in known if " " in c}
    for code in inline(path):
        words = code.removeprefix("voiceguard ").split()
        if code.startswith("voiceguard ") and words[0].startswith("-"):
            continue
        if code.startswith("voiceguard ") or (words[0] in groups and len(words) > 1):
            name = " ".join(words[:2]) if words[0] in groups and len(words) > 1 else words[0]
            assert name in known, f"`{code}`"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_named_make_targets_and_modules_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.M):
        assert f"\n{target}:" in makefile
    for module in re.findall(r"python -m ([\w.]+)", text):
        if module.split(".")[0] in ("training", "benchmarks", "samples"):
            assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_flags_that_prose_names_exist() -> None:
    known = set(re.findall(r"--[a-z-]+", page("commands.md")))
    others = {"--check", "--first", "--restart-clock", "--save", "--write"}  # of other programs
    for path in PAGES:
        named = {w for code in inline(path) for w in re.findall(r"--[a-z][a-z-]+", code)}
        assert named <= known | others, path.name


def test_every_setting_is_documented() -> None:
    table = {row[0].strip("`"): row for row in rows(page("settings.md"), "4. the default.")}
    assert set(table) == set(Settings.model_fields)
    for name, row in table.items():
        assert row[1] == f"`{PREFIX}{name.upper()}`"
        assert row[-1] == Settings.model_fields[name].description


def test_every_warning_code_is_explained() -> None:
    explained = {
        code
        for text, heading in (
            (page("analyse.md"), "## Damaged files and other warnings"),
            (page("scan.md"), "Other faults are forgiven"),
        )
        for row in rows(text, heading)
        for code in re.findall(r"`(\w+)`", row[0])
    }
    codes = {
        code
        for file in NOTICES
        for code in re.findall(
            r"Notice\(\s*\"(\w+)\"", (ROOT / "voiceguard" / file).read_text("utf-8")
        )
    }
    assert codes == explained


def test_formats_codings_roles_and_exit_codes_are_complete() -> None:
    text = page("analyse.md")
    outputs = " ".join(row[0] for row in rows(text, "## What comes out"))
    assert set(re.findall(r"`(\w+)`", outputs)) == set(EXPORTERS)
    raw = text.split("## Headerless audio")[1].split("##")[0]
    assert set(ENCODINGS) <= set(re.findall(r"`(\w+)`", raw))
    assert all(f"`{role}`" in text for role in ROLES)
    codes = {row[0] for row in rows(text, "## Exit codes")}
    kinds, todo = set(), [VoiceGuardError]
    while todo:
        kinds.add(todo[-1].exit_code)
        todo += todo.pop().__subclasses__()
    assert {str(code) for code in kinds} | {"0", "130"} == codes


def test_headers_are_understood_as_the_table_says() -> None:
    for key, _, headers in rows(page("analyse.md"), "## What you know about a call"):
        for header in re.sub(r"\(.*?\)", "", headers).split(","):
            assert key_of(header) == key.strip("`"), header


def test_model_sizes_are_those_that_the_command_tells() -> None:
    for names, size, _ in rows(page("models.md"), "## Which one"):
        sizes = [s.replace(",", "") for s in size.removesuffix(" MB").split(", ")]
        models = re.findall(r"`([\w.-]+)`", names)
        assert [str(SIZES_MB[m]) for m in models] == sizes * (len(models) // len(sizes))
