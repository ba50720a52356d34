"""Every check can fail, each for itself, and none of them stops the others."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import warnings
from collections import namedtuple
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from voiceguard.doctor import (
    Check,
    Finding,
    Verdict,
    checks,
    examine,
    formats,
    packages,
)
from voiceguard.doctor import finding as finding_module
from voiceguard.errors import ModelMissingError
from voiceguard.transcribe import threads
from voiceguard.transcribe.network import precision as number_formats

Patch = pytest.MonkeyPatch
KEYS = [(c.area, c.name) for c in checks()]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def find(area: str, name: str, *args: Any) -> Finding:
    """The finding of one check alone."""
    return next(c for c in checks(*args) if (c.area, c.name) == (area, name)).find()


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


# The whole


@pytest.fixture(scope="module")
def everything() -> tuple[Finding, ...]:
    return examine()


def test_areas_and_names_are_unique_and_complete(everything: tuple[Finding, ...]) -> None:
    assert [(f.area, f.name) for f in everything] == KEYS
    assert len(set(KEYS)) == len(KEYS)
    assert {area for area, _ in KEYS} == {
        "packages", "audio", "speech", "engines", "models", "text", "rules", "machine",
    }  # fmt: skip


def test_what_is_not_well_has_a_remedy_and_what_is_has_none(
    everything: tuple[Finding, ...],
) -> None:
    for f in everything:
        assert bool(f.remedy) == (f.ok != "ok"), f
        assert f.detail
        assert "\n" not in f.detail + f.remedy


@pytest.mark.parametrize("area", ["packages", "audio", "speech", "text"])
def test_here_all_of_it_works(everything: tuple[Finding, ...], area: str) -> None:
    assert [f for f in everything if f.area == area and f.ok != "ok"] == []


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_both_engines_work_here(everything: tuple[Finding, ...], engine: str) -> None:
    assert ("engines", engine, "ok") in [(f.area, f.name, f.ok) for f in everything]


def test_no_socket_is_opened(monkeypatch: Patch) -> None:
    refuse = raising(AssertionError("a socket was opened"))
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert not [f for f in examine() if "a socket was" in f.detail]


def test_nothing_works_and_still_every_finding_is_there(monkeypatch: Patch) -> None:
    for module in (
        "torch", "numpy", "whisper", "soundfile", "av", "librosa", "silero_vad", "opencc",
        "pypinyin", "re2", "rapidfuzz.distance", "yaml", "voiceguard.audio", "voiceguard.speech",
        "voiceguard.transcribe", "voiceguard.transcribe.models", "voiceguard.rules",
        "voiceguard.text",
    ):  # fmt: skip
        monkeypatch.setitem(sys.modules, module, None)
    findings = examine()
    assert [(f.area, f.name) for f in findings] == KEYS
    assert {f.ok for f in findings if f.area in ("audio", "speech", "engines", "models", "text",
                                                 "rules", "machine")} == {"missing"}  # fmt: skip
    assert all(f.remedy for f in findings if f.ok == "missing")


def test_the_room_imports_nothing_heavy() -> None:
    import subprocess

    code = ("import sys, voiceguard.doctor as d; d.checks(); "
            "print({'torch', 'numpy', 'av', 'soundfile', 'whisper'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# A check


@pytest.mark.parametrize("index", range(len(KEYS)), ids=["/".join(k) for k in KEYS])
def test_each_check_that_raises_is_a_finding(index: int) -> None:
    check = checks()[index]
    failing = Check(check.area, check.name, check.remedy, raising(OSError(5, "I/O error")))
    found = failing.find()
    assert (found.area, found.name, found.ok) == (check.area, check.name, "missing")
    assert found.detail == "OSError: [Errno 5] I/O error"
    assert found.remedy == finding_module.one_line(check.remedy) != ""


@pytest.mark.parametrize(
    ("error", "detail", "remedy"),
    [
        (ImportError("no x\nno y"), "ImportError: no x", "mend"),
        (RuntimeError(), "RuntimeError", "mend"),
        (SystemExit(3), "SystemExit: 3", "mend"),
        (ModelMissingError("no demo", "copy it"), "no demo", "copy it"),
        (ModelMissingError("no demo"), "no demo", "mend"),
        (RecursionError("too deep"), "RecursionError: too deep", "mend"),
    ],
)
def test_an_exception_is_told_in_a_line(error: BaseException, detail: str, remedy: str) -> None:
    assert Check("a", "n", "mend", raising(error)).find() == Finding(
        "a", "n", "missing", detail, remedy
    )


def test_a_warning_is_no_failure() -> None:
    def warn() -> Verdict:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return Verdict("ok", "works")

    assert Check("a", "n", "mend", warn).find().ok == "ok"


def test_a_long_story_is_cut() -> None:
    found = Check("a", "n", "mend", raising(RuntimeError("x" * 9000))).find()
    assert len(found.detail) <= 240


def test_only_an_interrupt_gets_out() -> None:
    with pytest.raises(KeyboardInterrupt):
        Check("a", "n", "mend", raising(KeyboardInterrupt())).find()


def test_a_verdict_s_own_remedy_goes_first() -> None:
    own = Check("a", "n", "general", lambda: Verdict("limited", "d", "special")).find()
    other = Check("a", "n", "general", lambda: Verdict("limited", "d")).find()
    good = Check("a", "n", "general", lambda: Verdict("ok", "d")).find()
    assert (own.remedy, other.remedy, good.remedy) == ("special", "general", "")


# Packages


def test_an_old_python(monkeypatch: Patch) -> None:
    monkeypatch.setattr(packages, "sys", SimpleNamespace(version_info=(3, 9, 1)))
    assert find("packages", "python").ok == "missing"


@pytest.mark.parametrize("name", [name for area, name in KEYS if area == "packages"][1:])
def test_a_package_that_is_not_there(name: str, monkeypatch: Patch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _: None)
    found = find("packages", name)
    assert (found.ok, found.remedy) == ("missing", f"pip install {name}")


def test_a_package_under_another_name(monkeypatch: Patch) -> None:
    monkeypatch.setattr(packages, "version", raising(PackageNotFoundError()))
    assert find("packages", "OpenCC").ok == "ok"


# Audio

FORMATS = [name for area, name in KEYS if area == "audio"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_coding_that_can_t_be_read(name: str, monkeypatch: Patch) -> None:
    import voiceguard.audio

    monkeypatch.setattr(voiceguard.audio, "read_blocks", raising(OSError("no codec")))
    found = find("audio", name)
    assert (found.ok, found.detail) == ("missing", "OSError: no codec")


@pytest.mark.parametrize("name", FORMATS)
def test_a_coding_that_is_read_as_something_else(name: str, monkeypatch: Patch) -> None:
    import numpy as np

    noise = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    monkeypatch.setattr(formats, "_read", lambda _: (noise, 16_000))
    assert "was read as" in find("audio", name).detail
    monkeypatch.setattr(formats, "_read", lambda _: (formats._tone(16_000)[:4000], 16_000))
    assert "0.25 s" in find("audio", name).detail


def test_without_soundfile_s_encoder_pyav_writes_the_clip(monkeypatch: Patch) -> None:
    import soundfile

    monkeypatch.setattr(soundfile, "write", raising(RuntimeError("no such subtype")))
    assert find("audio", "Ogg Opus") == Finding(
        "audio", "Ogg Opus", "ok", "decoded a clip written by PyAV"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_without_any_encoder_the_decoder_counts(name: str, monkeypatch: Patch) -> None:
    import av

    monkeypatch.setattr(formats, "_by_soundfile", raising(RuntimeError()))
    monkeypatch.setattr(formats, "_by_av", lambda *_: False)
    assert find("audio", name).detail.startswith("has a decoder")
    monkeypatch.setattr(av.codec, "Codec", raising(ValueError(name)))
    found = find("audio", name)
    assert (found.ok, found.detail) == ("missing", f"no decoder (ValueError: {name})")


def test_no_temporary_folder(monkeypatch: Patch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryDirectory", raising(OSError(28, "disk full")))
    assert find("audio", "FLAC").ok == "missing"


# Speech, engines, models


def test_a_detector_that_hears_voices(monkeypatch: Patch) -> None:
    import voiceguard.speech

    class Dreamer:
        def feed(self, samples: object) -> list[int]:
            return [1, 2]

        def finish(self) -> list[int]:
            return []

    monkeypatch.setattr(voiceguard.speech, "SileroDetector", Dreamer)
    found = find("speech", "Silero VAD")
    assert (found.ok, found.detail) == ("missing", "hears 2 stretches of speech in silence")


def test_the_detector_leaves_pytorch_its_threads() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        find("speech", "Silero VAD")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_whisper_without_its_assets(monkeypatch: Patch) -> None:
    import whisper.audio

    monkeypatch.setattr(whisper.audio, "mel_filters", raising(FileNotFoundError("mel.npz")))
    assert find("engines", "openai-whisper").ok == "missing"


def test_without_the_extra_the_other_engine_takes_its_place(monkeypatch: Patch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    found = find("engines", "faster-whisper")
    assert (found.ok, found.remedy) == ("limited", "pip install 'voiceguard[fast]'")
    assert "openai-whisper takes its place" in found.detail


def test_converted_models_can_not_be_kept(cache: Path) -> None:
    cache.mkdir()
    (cache / "voiceguard").touch()
    found = find("engines", "faster-whisper")
    assert found.ok == "missing"
    assert "can't write the converted model" in found.detail


def test_the_demo_model(tmp_path: Path, monkeypatch: Patch) -> None:
    import voiceguard.transcribe
    from voiceguard.transcribe import models

    monkeypatch.setattr(models, "DEMO_FILE", tmp_path / "demo.pt")
    found = find("models", "demo")
    assert found.ok == "missing"
    assert "not in this installation" in found.detail
    assert "repository" in found.remedy
    models.DEMO_FILE.write_bytes(b"not a model")
    found = find("models", "demo")
    assert found.ok == "missing"
    assert "not a usable Whisper checkpoint" in found.detail
    monkeypatch.setattr(voiceguard.transcribe, "load_transcriber", lambda *_: None)
    assert find("models", "demo").detail == "loads, 0 MB"


def test_downloaded_models(tmp_path: Path) -> None:
    found = find("models", "downloaded", tmp_path)
    assert (found.ok, found.remedy) == ("limited", "voiceguard models pull small")
    (tmp_path / "base.pt").write_bytes(b"x" * 2_000_000)
    found = find("models", "downloaded", tmp_path)
    assert (found.ok, found.detail) == ("ok", "base (2 MB)")
    (tmp_path / "tiny.pt.part").write_bytes(b"x")
    found = find("models", "downloaded", tmp_path)
    assert (found.ok, found.remedy) == ("limited", "voiceguard models pull tiny")
    assert found.detail == "base (2 MB), tiny.pt.part (not complete)"


# Text and rules


def test_text_parts_that_give_something_else(monkeypatch: Patch) -> None:
    import re2
    from rapidfuzz.distance import Levenshtein

    import voiceguard.text

    monkeypatch.setattr(voiceguard.text, "simplify", lambda text: text)
    monkeypatch.setattr(voiceguard.text, "sounds", lambda _: SimpleNamespace(pinyin=()))
    monkeypatch.setattr(re2, "search", lambda *_: None)
    monkeypatch.setattr(Levenshtein, "distance", lambda *_: 7)
    for name in ("OpenCC", "pypinyin", "re2", "rapidfuzz"):
        found = find("text", name)
        assert found.ok == "missing"
        assert "gives" in found.detail
        assert name.lower() in found.remedy.lower()


def test_rules_that_are_wrong_and_rules_that_are_right(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("library: {name: mine}\nrules: [{}]\n")
    (tmp_path / "playbook.yaml").write_text("actions: 3\n")
    libraries, playbook = (find("rules", n, None, tmp_path) for n in ("libraries", "playbook"))
    assert libraries.ok == playbook.ok == "missing"
    assert "mine.yaml:" in libraries.detail
    assert "playbook.yaml:" in playbook.detail
    assert find("rules", "libraries", None, tmp_path / "nowhere").ok == "missing"
    assert find("rules", "playbook").ok == "ok"


# Machine


def precision(monkeypatch: Patch, tmp_path: Path, flags: str, level: str, onednn: bool) -> Finding:
    import torch

    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\nprocessor\t: 1\n")
    monkeypatch.setattr(number_formats, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: level)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)
    return find("machine", "precision")


@pytest.mark.parametrize(
    ("flags", "level", "onednn", "ok", "part"),
    [
        ("flags\t\t: sse avx512_bf16 amx_bf16", "AVX512", True, "ok", "(amx_bf16, avx512_bf16)"),
        ("Features\t: fp asimd bf16", "DEFAULT2", True, "ok", "(bf16)"),
        ("flags\t\t: sse avx2", "AVX2", True, "limited", "no bfloat16"),
        ("flags\t\t: sse avx512_bf16", "DEFAULT", True, "limited", "DEFAULT"),
        ("flags\t\t: sse avx512_bf16", "AVX512", False, "limited", "float32 (AVX512)"),
        ("", "AVX2", True, "limited", "no bfloat16"),
    ],
)
def test_precision(
    flags: str, level: str, onednn: bool, ok: str, part: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    found = precision(monkeypatch, tmp_path, flags, level, onednn)
    assert found.ok == ok
    assert part in found.detail


def test_precision_where_the_system_does_not_tell(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(number_formats, "_CPU_INFO", tmp_path / "nowhere")
    assert find("machine", "precision").ok == "limited"


@pytest.mark.parametrize(
    ("quota", "used", "ok"),
    [
        ("max 100000", 8, "ok"), ("200000 100000", 8, "limited"), ("200000 100000", 2, "ok"),
        ("50000 100000", 1, "ok"), ("max 100000", 1, "limited"), ("rubbish", 8, "ok"),
    ],
)  # fmt: skip
def test_threads(quota: str, used: int, ok: str, tmp_path: Path, monkeypatch: Patch) -> None:
    import torch

    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(threads, "_CPU_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(torch, "get_num_threads", lambda: used)
    found = find("machine", "threads")
    assert found.ok == ok
    assert (found.remedy != "") == (ok != "ok")


def test_threads_where_there_is_no_affinity(monkeypatch: Patch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert "cores for us" in find("machine", "threads").detail


def test_gpu(monkeypatch: Patch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "CPUs only" in find("machine", "GPU").detail
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "finds no GPU" in find("machine", "GPU").detail
    # A GPU that this PyTorch has no code for.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", raising(RuntimeError("no kernel image is available")))
    found = find("machine", "GPU")
    assert (found.ok, found.detail) == ("missing", "RuntimeError: no kernel image is available")


def test_gpu_that_works(monkeypatch: Patch) -> None:
    import torch

    real = torch.ones
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties",
                        lambda _: SimpleNamespace(name="H200", total_memory=141e9))  # fmt: skip
    monkeypatch.setattr(torch, "ones", lambda n, device: real(n))
    assert find("machine", "GPU") == Finding("machine", "GPU", "ok", "H200, 141 GB, 2 in all")
    monkeypatch.setattr(torch, "ones", lambda n, device: real(n) * 3)
    assert find("machine", "GPU").ok == "missing"


def test_model_folder_is_looked_at_and_not_made(tmp_path: Path, cache: Path) -> None:
    assert find("machine", "model folder", tmp_path).ok == "ok"
    assert find("machine", "model folder", tmp_path / "a" / "b").ok == "ok"
    assert find("machine", "model folder").ok == "ok"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert find("machine", "model folder", tmp_path / "file").ok == "missing"
    assert find("machine", "model folder", tmp_path / "file" / "folder").ok == "missing"


def test_model_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", raising(PermissionError()))
    monkeypatch.setattr(os, "access", lambda *_: False)
    for folder in (tmp_path, tmp_path / "new"):
        found = find("machine", "model folder", folder)
        assert found.ok == "limited"
        assert "may not be written" in found.detail


@pytest.mark.parametrize(
    ("free", "ok", "part"),
    [(10**8, "limited", "any useful"), (10**9, "limited", "large"), (10**10, "ok", "10.0 GB free")],
)
def test_model_folder_without_room(
    free: int, ok: str, part: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, free))
    found = find("machine", "model folder", tmp_path)
    assert found.ok == ok
    assert part in found.detail
