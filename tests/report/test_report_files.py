"""Writing: whole files or none, one clear line when it fails."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from sample_report import sample_exhibit, sample_report, small_report

from voiceguard.domain import Transcript, Turn
from voiceguard.errors import OutputError, UsageError
from voiceguard.report import EXPORTERS, Exhibit, export, exporter, format_names, gather


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_format_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    paths = export(sample_exhibit(sound=True), list(EXPORTERS), folder, "call")
    assert sorted(path.name for path in paths) == everything(folder)
    assert all(path.stat().st_size for path in paths)
    umask = os.umask(0)
    os.umask(umask)
    assert all(path.stat().st_mode & 0o777 == 0o666 & ~umask for path in paths)


@pytest.mark.parametrize("name", EXPORTERS)
def test_registered_names_match(name: str) -> None:
    found = exporter(name)
    assert found.name == name and found.suffix.startswith(".")
    assert name in format_names()


def test_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown format 'pdf'"):
        export(sample_exhibit(), ["json", "pdf"], tmp_path / "out", "call")
    assert not (tmp_path / "out").exists()


def test_gathering_many_calls(tmp_path: Path) -> None:
    exhibits = [sample_exhibit(), Exhibit(small_report())]
    paths = gather(exhibits, ["csv", "jsonl", "xlsx"], tmp_path)
    assert [path.name for path in paths] == ["calls.csv", "calls.jsonl", "calls.xlsx"]
    assert len(paths[1].read_bytes().splitlines()) == 2
    with pytest.raises(UsageError, match="json, html"):
        gather(exhibits, ["csv", "json", "html"], tmp_path)


def test_one_failing_format_does_not_stop_the_others(tmp_path: Path) -> None:
    report = replace(sample_report(), transcript=Transcript("c-7", (Turn(0, "好"),)), flags=())
    with pytest.raises(OutputError, match=r"c-7 .* srt; call c-7 .* vtt"):
        export(Exhibit(report), ["srt", "json", "vtt", "html"], tmp_path, "c")
    assert everything(tmp_path) == ["c.html", "c.json"]


def fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("name", EXPORTERS)
def test_a_failing_disk_leaves_the_old_file_and_no_half_one(
    name: str, code: int, words: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / f"call{exporter(name).suffix}"
    target.write_bytes(b"old")

    def broken(*_: object) -> None:
        raise fail(code)

    monkeypatch.setattr(os, call, broken)
    with pytest.raises(OutputError) as caught:
        export(sample_exhibit(), [name], tmp_path, "call")
    assert words in str(caught.value) and str(target) in str(caught.value)
    assert everything(tmp_path) == [target.name] and target.read_bytes() == b"old"


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't write"):
        export(sample_exhibit(), ["json"], tmp_path / "file" / "out", "call")
    with pytest.raises(OutputError, match="a file is in the way"):
        export(sample_exhibit(), ["json"], tmp_path / "file", "call")

    def refused(*_: object, **__: object) -> None:
        raise fail(errno.EACCES)

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(OutputError, match="no permission"):
        export(sample_exhibit(), ["json"], tmp_path / "x", "call")


def test_a_crash_of_another_kind_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(sample_exhibit(), ["json"], tmp_path, "call")
    assert everything(tmp_path) == []


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "call.json"
    source.write_text("the only copy")
    link = tmp_path / "link.json"
    link.symlink_to(source)
    for keep in (source, link):
        with pytest.raises(OutputError, match="is an input"):
            export(sample_exhibit(), ["json"], tmp_path, "call", keep=[keep])
    assert source.read_text() == "the only copy"


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "call.json").mkdir()
    with pytest.raises(OutputError, match="folder of that name"):
        export(sample_exhibit(), ["json"], tmp_path, "call")
    assert everything(tmp_path) == ["call.json"]
