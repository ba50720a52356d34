"""Checkpoints in CTranslate2's format: the same numbers, kept safely."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
import torch
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

from voiceguard.errors import ModelError
from voiceguard.transcribe import conversions
from voiceguard.transcribe import convert as module
from voiceguard.transcribe.conversions import converted, folder, is_whole, text_context
from voiceguard.transcribe.convert import alignment_heads, convert, suppressed, vocabulary
from voiceguard.transcribe.models import DEMO_FILE, ModelInfo

Patch = pytest.MonkeyPatch
DIMS = ModelDimensions(80, 1500, 32, 2, 1, 51865, 64, 32, 2, 2)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checkpoint(path: Path, dims: ModelDimensions = DIMS) -> Path:
    """Weights that mean nothing."""
    torch.manual_seed(1)
    model = Whisper(dims)
    torch.save({"dims": vars(dims), "model_state_dict": model.state_dict()}, path)
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "tiny.pt")


# What is written


@pytest.mark.parametrize(
    "dims",
    [DIMS, ModelDimensions(128, 1500, 64, 4, 2, 51866, 448, 64, 4, 3),
     ModelDimensions(80, 1500, 48, 3, 2, 51864, 448, 48, 3, 1)],
    ids=["multilingual", "large-v3's shape", "English only"],
)  # fmt: skip
def test_encoder_and_decoder_compute_what_openai_whisper_computes(
    dims: ModelDimensions, tmp_path: Path
) -> None:
    path = checkpoint(tmp_path / "any.pt", dims)
    target = converted(path, sha256(path))
    assert text_context(target) == dims.n_text_ctx
    ours = ctranslate2.models.Whisper(str(target), compute_type="float32", intra_threads=1)
    theirs = Whisper(dims).eval()
    theirs.load_state_dict(torch.load(str(path), weights_only=True)["model_state_dict"])
    assert (ours.is_multilingual, ours.n_mels) == (theirs.is_multilingual, dims.n_mels)
    assert ours.num_languages == theirs.num_languages
    mel = np.random.default_rng(2).standard_normal((2, dims.n_mels, 3000)).astype(np.float32)
    tokenizer = get_tokenizer(theirs.is_multilingual, num_languages=theirs.num_languages)
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    with torch.inference_mode():
        features = theirs.encoder(torch.from_numpy(mel))
        expected = theirs.decoder(torch.tensor([prompt] * 2), features)[:, -1].numpy()
    encoded = ours.encode(ctranslate2.StorageView.from_array(mel))
    np.testing.assert_allclose(np.array(encoded), features.numpy(), atol=1e-4)
    results = ours.generate(encoded, [prompt] * 2, beam_size=1, max_length=12,
                            return_logits_vocab=True)
    for result, row in zip(results, expected, strict=True):
        logits = np.array(result.logits[0][0])
        allowed = logits > -1e30
        assert set(np.flatnonzero(~allowed)) >= set(suppressed(tokenizer))
        np.testing.assert_allclose(logits[allowed], row[allowed], atol=1e-3)


def test_halves_are_kept_as_halves() -> None:
    target = converted(DEMO_FILE, sha256(DEMO_FILE))
    assert (target / "model.bin").stat().st_size < DEMO_FILE.stat().st_size * 1.1


def test_tokens_that_are_never_written_are_openai_whispers() -> None:
    model = Whisper(DIMS)
    task = DecodingTask(model, DecodingOptions(language="zh", fp16=False))
    assert tuple(suppressed(task.tokenizer)) == task._get_suppress_tokens()


@pytest.mark.parametrize("size", [51865, 51866])
def test_each_token_has_a_name_of_its_own(size: int) -> None:
    tokenizer = get_tokenizer(True, num_languages=99)
    names = vocabulary(tokenizer, size)
    assert len(names) == len(set(names)) == size
    assert names[tokenizer.sot] == "<|startoftranscript|>"
    assert names[tokenizer.timestamp_begin] == "<|0.00|>"
    assert names[tokenizer.encode(" thanks")[0]] == "Ġthanks"
    assert names[tokenizer.encode("的")[0]] == "çļĦ"


def test_heads_that_tell_the_time(tiny: Path, monkeypatch: Patch) -> None:
    assert alignment_heads(DIMS, sha256(tiny)) == [(1, 0), (1, 1)]
    import whisper

    dims = ModelDimensions(80, 1500, 384, 6, 4, 51865, 448, 384, 6, 4)
    monkeypatch.setattr(module, "official", lambda _: ModelInfo("tiny", "u/tiny.pt", "s"))
    model = Whisper(dims)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["tiny"])
    assert alignment_heads(dims, "s") == [tuple(p) for p in model.alignment_heads.indices().T
                                          .tolist()]


# Where it is kept


def test_a_checkpoint_is_converted_once_whatever_it_is_called(
    tiny: Path, monkeypatch: Patch
) -> None:
    first = converted(tiny, sha256(tiny))
    assert first.parent == folder()
    monkeypatch.setattr(conversions, "convert", lambda *_: pytest.fail("converted again"))
    other = tiny.rename(tiny.with_name("other.pt"))
    assert converted(other, sha256(other)) == first
    assert os.listdir(folder()) == [first.name]


def cut(target: Path) -> None:
    os.truncate(target / "model.bin", 1000)


def flip(target: Path) -> None:
    with (target / "model.bin").open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-100, os.SEEK_END)
        file.write(bytes([byte ^ 1]))


def file_in_its_place(target: Path) -> None:
    shutil.rmtree(target)
    target.write_text("no folder")


@pytest.mark.parametrize(
    "harm",
    [cut, flip, file_in_its_place,
     lambda t: (t / "vocabulary.json").unlink(),
     lambda t: (t / "voiceguard.json").unlink(),
     lambda t: (t / "voiceguard.json").write_text("{}"),
     lambda t: [f.unlink() for f in t.iterdir()]],
    ids=["cut", "flipped", "file", "no vocabulary", "no checksums", "no sums", "empty"],
)  # fmt: skip
def test_a_broken_entry_is_made_anew(harm: Callable[[Path], object], tiny: Path) -> None:
    target = converted(tiny, sha256(tiny))
    before = (target / "model.bin").read_bytes()
    harm(target)
    assert converted(tiny, sha256(tiny)) == target
    assert (target / "model.bin").read_bytes() == before
    assert os.listdir(folder()) == [target.name]


def test_two_at_once_do_not_clash(tiny: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: converted(tiny, sha256(tiny)), range(4)))
    (target,) = found
    assert is_whole(target)
    assert os.listdir(folder()) == [target.name]


def test_the_entry_of_a_faster_process_stays(tiny: Path, monkeypatch: Patch) -> None:
    real = convert

    def slower(path: Path, digest: str, out: Path) -> None:
        real(path, digest, out)
        monkeypatch.setattr(conversions, "convert", real)
        marks.append((converted(path, digest) / "model.bin").stat().st_ino)

    marks: list[int] = []
    monkeypatch.setattr(conversions, "convert", slower)
    target = converted(tiny, sha256(tiny))
    assert (target / "model.bin").stat().st_ino == marks[0]


def test_what_a_killed_conversion_left_goes_after_a_day(tiny: Path, monkeypatch: Patch) -> None:
    def killed(path: Path, digest: str, out: Path) -> None:
        (out / "model.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(conversions, "convert", killed)
    with pytest.raises(KeyboardInterrupt):
        converted(tiny, sha256(tiny))
    assert os.listdir(folder()) == []
    monkeypatch.setattr(conversions, "convert", convert)
    old, young = folder() / "old.part", folder() / "young.part"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 2 * 86_400,) * 2)
    target = converted(tiny, sha256(tiny))
    assert sorted(os.listdir(folder())) == sorted([target.name, young.name])


def test_a_folder_that_can_not_be_written(tiny: Path) -> None:
    folder().parent.mkdir(parents=True)
    folder().write_text("a file")
    with pytest.raises(ModelError, match=r"can't write the converted model.*XDG_CACHE_HOME"):
        converted(tiny, sha256(tiny))


def test_no_room_leaves_nothing_behind(tiny: Path, monkeypatch: Patch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conversions, "convert", full)
    with pytest.raises(ModelError, match="no space left"):
        converted(tiny, sha256(tiny))
    assert os.listdir(folder()) == []


# What is no checkpoint


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda file: file["model_state_dict"].pop(name)


@pytest.mark.parametrize(
    "harm",
    [lambda f: f.pop("dims"), lambda f: f.pop("model_state_dict"),
     lambda f: f["dims"].pop("n_vocab"),
     lambda f: f["dims"].update(n_vocab=50_000), lambda f: f["dims"].update(n_text_layer=3),
     lambda f: f.update(dims=7), without("encoder.conv1.weight"),
     without("decoder.blocks.1.cross_attn.value.bias"),
     lambda f: f["model_state_dict"].update({"decoder.positional_embedding": torch.ones(8, 32)}),
     lambda f: f["model_state_dict"].update({"encoder.conv1.weight": "text"})],
)  # fmt: skip
def test_a_checkpoint_of_another_shape_is_one_clear_line(
    harm: Callable[[dict[str, Any]], object], tiny: Path
) -> None:
    file = torch.load(str(tiny), weights_only=True)
    harm(file)
    torch.save(file, tiny)
    with pytest.raises(ModelError, match=r"tiny\.pt is not a usable Whisper checkpoint"):
        converted(tiny, sha256(tiny))
    assert os.listdir(folder()) == []


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 no zip"])
def test_a_damaged_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.pt is not a usable Whisper checkpoint"):
        converted(path, sha256(path))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"dims": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError):
        converted(tmp_path / "evil.pt", "0" * 64)
    assert not (tmp_path / "ran").exists()
