"""Model files: found without a network, pulled from a server that does everything wrong."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import threading
import time
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voiceguard.errors import ModelError, ModelMissingError, UsageError
from voiceguard.transcribe import download, models
from voiceguard.transcribe.models import ModelInfo, catalogue, installed, locate, official, pull

CONTENT = bytes(range(256)) * 4000  # about 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; ``script`` says how it answers each request, the last entry for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = ["right"]
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{SHA256}/toy-v1.pt"

    def next_act(self) -> str:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class Handler(BaseHTTPRequestHandler):
    """``right``, ``norange``, ``wrong``, ``cut N``, ``gap``, ``nolength``, ``slow``, or a code."""

    server: Server

    def do_GET(self) -> None:
        act, _, number = self.server.next_act().partition(" ")
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if act.isdigit():
            self.send_error(int(act))
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if act == "norange":
            start = 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:] if act != "wrong" else b"<html>" * 100
        self.send_response(206 if start else 200)
        if start:
            said = start + 10 if act == "gap" else start
            self.send_header("Content-Range", f"bytes {said}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if act != "nolength":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if act == "slow":
            time.sleep(0.5)
        self.wfile.write(body[: int(number)] if number else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, so that models on this machine play no part."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def toys(url: str) -> dict[str, ModelInfo]:
    """A catalogue of one model under two names."""
    return {name: ModelInfo(name, url, SHA256, 1) for name in ("toy", "toy-v1")}


TOYS = toys(f"https://models.invalid/{SHA256}/toy-v1.pt")


def fast(server: Server, folder: Path, **more: object) -> Path:
    return pull("toy", folder, known=toys(server.url), pause=0.01, timeout=5, **more)  # type: ignore[arg-type]


def a_zip(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", "x" * 5000)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(a_zip(path).read_bytes()[:-100])
    return path


# The catalogue


def test_catalogue_is_whisper_s_with_checksums_and_sizes() -> None:
    known = catalogue()
    assert {"tiny", "base", "small", "medium", "large-v3", "turbo"} <= set(known)
    named = [m for m in known.values() if m.name != "demo"]
    assert all(len(m.sha256) == 64 and m.url.startswith("https://") for m in named)
    assert all(m.megabytes for m in named)
    assert next(iter(known)) == "demo"
    assert official("") is None
    assert known["turbo"].file == known["large-v3-turbo"].file == "large-v3-turbo.pt"


def test_an_official_file_is_known_by_its_checksum() -> None:
    assert official(SHA256.upper(), TOYS) == TOYS["toy"]
    assert official("0" * 64, TOYS) is None


def test_without_whisper_the_catalogue_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "whisper", None)
    with pytest.raises(ModelError, match="pip install openai-whisper"):
        catalogue.__wrapped__()


# Finding


def test_demo_is_the_shipped_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert models.DEMO_FILE.parts[-4:] == ("voiceguard", "transcribe", "models", "demo.pt")
    monkeypatch.setattr(models, "DEMO_FILE", tmp_path / "demo.pt")
    with pytest.raises(ModelMissingError, match="demo model is not in this installation"):
        locate("demo")
    a_zip(tmp_path / "demo.pt")
    assert locate("demo") == pull("demo") == tmp_path / "demo.pt"


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_zip(tmp_path / "mine.pt")
    assert locate(str(file)) == file
    monkeypatch.chdir(tmp_path)
    assert locate("mine.pt") == Path("mine.pt")
    assert locate("./mine.pt") == Path("mine.pt")


def test_the_folder_given_comes_first_then_ours_then_whisper_s(tmp_path: Path, home: Path) -> None:
    last = a_zip(home / "whisper" / "toy-v1.pt")
    assert locate("toy", tmp_path / "mine", known=TOYS) == last
    second = a_zip(home / "voiceguard" / "models" / "toy.pt")
    assert locate("toy", tmp_path / "mine", known=TOYS) == second
    first = a_zip(tmp_path / "mine" / "toy.pt")
    assert locate("toy", tmp_path / "mine", known=TOYS) == first
    assert locate("toy", known=TOYS) == second


@pytest.mark.parametrize("name", ["toy", "toy-v1", "TOY", "toy.pt"])
def test_every_name_of_a_model_finds_its_one_file(name: str, tmp_path: Path) -> None:
    file = a_zip(tmp_path / "toy-v1.pt")
    assert locate(name, tmp_path, known=TOYS) == file


def test_a_model_of_one_s_own_is_found_by_its_name(tmp_path: Path) -> None:
    assert locate("ours", a_zip(tmp_path / "ours.pt").parent, known=TOYS) == tmp_path / "ours.pt"


def test_a_missing_model_says_how_to_get_it_with_and_without_network(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError) as caught:
        locate("toy", tmp_path / "my models", known=TOYS)
    line = str(caught.value)
    assert "\n" not in line
    assert f"voiceguard models pull toy --model-dir '{tmp_path}/my models'" in line
    assert "about 1 MB" in line
    assert TOYS["toy"].url in line
    assert f"{tmp_path}/my models/toy-v1.pt (sha256 {SHA256})" in line
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("toi", "did you mean toy"),
        ("whisper-toy-v1", "did you mean toy-v1\\?"),
        ("openai/whisper-toy-v1", "did you mean toy-v1\\?"),
        ("elephant", "voiceguard models list"),
        ("/no/such/file.pt", "check the path"),
        ("a" * 5000, "voiceguard models list"),
        ("with\0nul", "voiceguard models list"),
    ],
)
def test_an_unknown_name_is_missing_and_near_ones_are_named(name: str, hint: str) -> None:
    with pytest.raises(ModelMissingError, match=hint):
        locate(name, known=TOYS)


@pytest.mark.parametrize("name", ["", "  ", "FOLDER", "FOLDER/", "..", "folder"])
def test_a_folder_or_nothing_is_wrong_usage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        locate(name.replace("FOLDER", str(tmp_path)), known=TOYS)


def test_a_file_given_by_its_bare_name_is_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissingError, match=r"write \./weights"):
        locate("weights", known=TOYS)


def test_a_file_that_is_cut_off_is_passed_over_or_named(tmp_path: Path, home: Path) -> None:
    cut(tmp_path / "toy.pt")
    with pytest.raises(ModelError, match="cut off: run \"voiceguard models pull toy"):
        locate("toy", tmp_path, known=TOYS)
    whole = a_zip(home / "whisper" / "toy-v1.pt")
    assert locate("toy", tmp_path, known=TOYS) == whole


def test_finding_uses_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ModelMissingError):
        locate("large-v3", tmp_path)
    assert locate("toy", a_zip(tmp_path / "toy.pt").parent) == tmp_path / "toy.pt"
    assert [m.name for m in installed(tmp_path) if m.path.parent == tmp_path] == ["toy"]


def test_without_a_home_folder_only_the_given_one_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert models.folders(tmp_path) == (tmp_path,)
    with pytest.raises(UsageError, match="--model-dir"):
        pull("toy", known=TOYS)
    with pytest.raises(ModelMissingError, match="--model-dir"):
        locate("toy", known=TOYS)


# What is there


def test_installed_tells_whole_files_from_unfinished_ones(tmp_path: Path, home: Path) -> None:
    a_zip(tmp_path / "base.pt")
    cut(tmp_path / "small.pt")
    (tmp_path / "tiny.pt").write_bytes(CONTENT)
    (tmp_path / "turbo.pt.part").write_bytes(b"xy")
    (tmp_path / "notes.txt").write_bytes(b"xy")
    a_zip(home / "whisper" / "base.pt")
    found = [m for m in installed(tmp_path) if m.path != models.DEMO_FILE]
    assert [(m.name, m.complete) for m in found] == [
        ("base", True), ("small", False), ("tiny", None), ("turbo", False), ("base", True),
    ]  # fmt: skip
    assert found[2].size == len(CONTENT)
    assert found[4].path == home / "whisper" / "base.pt"


def test_installed_can_compare_checksums(tmp_path: Path) -> None:
    (tmp_path / "toy.pt").write_bytes(CONTENT)
    (tmp_path / "toy-v1.pt").write_bytes(CONTENT + b"x")
    found = {m.name: m.complete for m in installed(tmp_path, verify=True, known=TOYS)}
    assert (found["toy"], found["toy-v1"]) == (True, False)


def test_no_folder_no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "DEMO_FILE", tmp_path / "demo.pt")
    assert installed(tmp_path / "nowhere") == []


# Pulling


def test_pull_brings_the_file_and_reports(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = fast(server, tmp_path / "new" / "folder",
                on_progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    assert path == tmp_path / "new" / "folder" / "toy-v1.pt"
    assert path.read_bytes() == CONTENT
    assert os.listdir(path.parent) == ["toy-v1.pt"]
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_pull_without_a_folder_uses_ours(server: Server, home: Path) -> None:
    path = pull("toy", known=toys(server.url))
    assert path == home / "voiceguard" / "models" / "toy-v1.pt"


@pytest.mark.parametrize("name", ["toy.pt", "toy-v1.pt"])
def test_what_is_there_and_right_is_not_pulled(server: Server, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)
    assert fast(server, tmp_path) == tmp_path / name
    assert server.ranges == []


def test_what_whisper_has_will_do(server: Server, home: Path) -> None:
    (home / "whisper").mkdir(parents=True)
    (home / "whisper" / "toy-v1.pt").write_bytes(CONTENT)
    assert pull("toy", known=toys(server.url)) == home / "whisper" / "toy-v1.pt"
    assert server.ranges == []


def test_what_is_there_and_wrong_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "toy-v1.pt").write_bytes(b"old")
    assert fast(server, tmp_path).read_bytes() == CONTENT


def test_pull_goes_on_where_an_earlier_one_stopped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "toy-v1.pt.part").write_bytes(CONTENT[:1000])
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


@pytest.mark.parametrize("act", ["norange", "nolength", "gap"])
def test_a_server_that_resumes_badly(server: Server, tmp_path: Path, act: str) -> None:
    server.script = [act, "right"]
    (tmp_path / "toy-v1.pt.part").write_bytes(CONTENT[:1000])
    assert fast(server, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_already_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "toy-v1.pt.part").write_bytes(CONTENT)
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert len(server.ranges) == 1


@pytest.mark.parametrize("bad", [b"junk" * 10, b"junk" * 1_000_000])
def test_a_part_of_something_else_is_thrown_away(
    server: Server, tmp_path: Path, bad: bytes
) -> None:
    (tmp_path / "toy-v1.pt.part").write_bytes(bad)
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(bad)}-", None]


def test_a_connection_that_drops_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    server.script = [f"cut {n}" for n in (400_000, 100_000, 1, 1, 1, 1)] + ["right"]
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[:3] == [None, "bytes=400000-", "bytes=500000-"]


def test_a_connection_that_always_drops_is_given_up_and_kept(
    server: Server, tmp_path: Path
) -> None:
    server.script = ["cut 400000", "cut 0"]
    with pytest.raises(ModelMissingError, match=r"ended early.*goes on where it stopped"):
        fast(server, tmp_path)
    assert len(server.ranges) == 1 + download.RETRIES
    assert (tmp_path / "toy-v1.pt.part").stat().st_size == 400_000
    server.script = ["right"]
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=400000-"


def test_a_server_that_drops_and_can_t_resume_is_given_up(server: Server, tmp_path: Path) -> None:
    server.script = ["norange 400000"]
    with pytest.raises(ModelMissingError):
        fast(server, tmp_path)
    assert len(server.ranges) == 1 + download.RETRIES


def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.script = ["wrong"]
    with pytest.raises(ModelError, match="checksum"):
        fast(server, tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("code", "tries"), [(404, 1), (403, 1), (503, 4), (429, 4)])
def test_answers_that_pass_are_tried_again_others_not(
    server: Server, tmp_path: Path, code: int, tries: int
) -> None:
    server.script = [str(code)]
    with pytest.raises(ModelMissingError, match=f"answers {code}.*sha256 {SHA256}"):
        fast(server, tmp_path)
    assert len(server.ranges) == tries
    assert os.listdir(tmp_path) == []


def test_a_server_that_recovers(server: Server, tmp_path: Path) -> None:
    server.script = ["503", "500", "right"]
    assert fast(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_no_server(tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    known = toys(f"http://{host}/{SHA256}/toy-v1.pt")
    with pytest.raises(ModelMissingError, match=r"can't be downloaded.*HTTPS_PROXY") as caught:
        pull("toy", tmp_path, known=known, pause=0.001, timeout=2)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known = toys(f"http://127.0.0.1:{silent.getsockname()[1]}/{SHA256}/toy-v1.pt")
        with pytest.raises(ModelMissingError, match="does not answer"):
            pull("toy", tmp_path, known=known, pause=0.001, timeout=0.05)


def test_room_is_looked_at_first(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 1000))
    with pytest.raises(ModelError, match=r"no room for toy-v1\.pt"):
        fast(server, tmp_path)
    assert server.ranges == []


def test_a_folder_that_can_t_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"can't write.*--model-dir"):
        fast(server, tmp_path / "file" / "folder")


def test_a_target_that_is_a_folder(server: Server, tmp_path: Path) -> None:
    (tmp_path / "toy-v1.pt").mkdir()
    with pytest.raises(ModelError, match="can't write"):
        fast(server, tmp_path)


def test_pull_of_an_unknown_name() -> None:
    with pytest.raises(ModelMissingError, match="did you mean toy"):
        pull("toi", known=TOYS)
    with pytest.raises(ModelMissingError, match="there are toy, toy-v1"):
        pull("elephant", known=TOYS)


def test_two_that_pull_the_same_file_share_one_download(server: Server, tmp_path: Path) -> None:
    server.script = ["slow"]
    done: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: done.append(fast(server, tmp_path).read_bytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [CONTENT] * 4
    assert len(server.ranges) == 1
    assert os.listdir(tmp_path) == ["toy-v1.pt"]


def test_an_interrupt_keeps_the_part_and_frees_it(server: Server, tmp_path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fast(server, tmp_path, on_progress=stop)
    assert 0 < (tmp_path / "toy-v1.pt.part").stat().st_size < len(CONTENT)
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] != "bytes=0-"


def test_where_files_can_t_be_locked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    (tmp_path / "toy-v1.pt.part").write_bytes(CONTENT[:1000])
    assert fast(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_a_checkpoint_of_pytorch_looks_whole_and_half_of_it_does_not(tmp_path: Path) -> None:
    import torch

    torch.save({"dims": {}, "model_state_dict": {"w": torch.zeros(999)}}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes()[:3000])
    found = [m for m in installed(tmp_path) if m.path.parent == tmp_path]
    assert [(m.name, m.complete) for m in found] == [("a", True), ("b", False)]
