"""The engine over CTranslate2: the same words as openai-whisper, chance that repeats, errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from voiceguard.domain import Window
from voiceguard.errors import ModelError, UsageError
from voiceguard.transcribe import TranscribeOptions, load_transcriber
from voiceguard.transcribe.engines import ctranslate
from voiceguard.transcribe.engines.faster_whisper import FasterWhisper
from voiceguard.transcribe.engines.openai_whisper import OpenAIWhisper
from voiceguard.transcribe.models import DEMO_FILE

GREEDY = TranscribeOptions(temperatures=(0.0,))
pytestmark = pytest.mark.usefixtures("warm_cache", "no_network")


def with_habits(path: Path, **changes: bool) -> Path:
    """The demo model with other habits."""
    file = torch.load(str(DEMO_FILE), weights_only=True)
    file["windows"].update(changes)
    torch.save(file, path)
    return path


def texts(engine: Any, windows: Sequence[Window]) -> dict[str, str]:
    return {id_: "".join(w.text for w in words) for id_, words in engine.transcribe(windows)}


@pytest.mark.parametrize(
    "options",
    [GREEDY, replace(GREEDY, beam_size=3), replace(GREEDY, hints=("非法代理维权", "停息挂账"))],
    ids=["greedy", "beam", "hints"],
)
def test_words_and_times_are_those_of_openai_whisper(
    options: TranscribeOptions, sentences: tuple[Window, ...]
) -> None:
    theirs = dict(OpenAIWhisper(DEMO_FILE, options).transcribe(sentences))
    ours = dict(FasterWhisper(DEMO_FILE, options).transcribe(sentences))
    assert any(ours.values())
    for id_, words in theirs.items():
        assert [(w.text, w.span) for w in ours[id_]] == [(w.text, w.span) for w in words]
        for mine, reference in zip(ours[id_], words, strict=True):
            assert mine.confidence == pytest.approx(reference.confidence, abs=0.002)


def test_what_speaks_for_a_text_is_counted_as_openai_whisper_does(
    sentences: tuple[Window, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import whisper

    path = with_habits(tmp_path / "padded.pt", padded=True)
    seen: list[Any] = []
    ours = FasterWhisper(path, replace(GREEDY, word_times="none"))
    generate: Callable[..., Any] = ours._generate
    monkeypatch.setattr(ours, "_generate", lambda *a: seen.extend(generate(*a)) or seen)
    list(ours.transcribe(sentences[:2]))
    model = whisper.load_model(str(path), device="cpu")
    for window, mine in zip(sentences, seen, strict=False):
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(window.samples))
        theirs = whisper.decode(model, mel, language="zh", fp16=False, sample_len=384)
        assert mine.tokens == tuple(theirs.tokens)
        assert mine.logprob == pytest.approx(theirs.avg_logprob, abs=1e-3)
        assert mine.no_speech == pytest.approx(theirs.no_speech_prob, abs=1e-4)
        assert mine.ratio == theirs.compression_ratio


def test_only_what_looks_wrong_is_tried_again_and_the_same_each_time(
    sentences: tuple[Window, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_thoughts = with_habits(tmp_path / "again.pt", fallback=True)
    strict = TranscribeOptions(temperatures=(0.0, 0.9), word_times="none", logprob_limit=-0.75)
    sure = texts(FasterWhisper(second_thoughts, replace(strict, temperatures=(0.0,))), sentences)

    def run(windows: Sequence[Window], **changes: Any) -> tuple[dict[str, str], list[str]]:
        engine = FasterWhisper(second_thoughts, replace(strict, **changes))
        again: Callable[..., Any] = engine._again
        tried: list[str] = []
        monkeypatch.setattr(engine, "_again", lambda w, *a: tried.append(w.id) or again(w, *a))
        return texts(engine, windows), tried

    found, tried = run(sentences)
    assert 0 < len(tried) < len(sentences)
    assert {id_ for id_ in sure if sure[id_] != found[id_]} <= set(tried)
    # The same window gets the same text in another order and another batch, and with another
    # seed (of several) another one.
    assert run(sentences[::-1], batch_size=2) == (found, [w.id for w in sentences[::-1]
                                                          if w.id in tried])
    others = [run([w for w in sentences if w.id == tried[0]], seed=s)[0] for s in range(1, 4)]
    assert any(other[tried[0]] != found[tried[0]] for other in others)


def test_a_model_that_was_trained_without_second_thoughts_has_none(
    sentences: tuple[Window, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FasterWhisper(DEMO_FILE, TranscribeOptions(logprob_limit=0.0))
    monkeypatch.setattr(engine, "_again", lambda *_: pytest.fail("tried again"))
    assert any(texts(engine, sentences[:1]).values())


def test_a_text_that_is_likely_silence_is_dropped(sentences: tuple[Window, ...]) -> None:
    options = TranscribeOptions(logprob_limit=0.0, no_speech_limit=-1.0)
    assert texts(FasterWhisper(DEMO_FILE, options), sentences) == dict.fromkeys(
        (w.id for w in sentences), "")


def test_no_hub_takes_part(
    sentences: tuple[Window, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cold"))  # converts, too
    for package in ("huggingface_hub", "transformers", "faster_whisper", "tokenizers"):
        monkeypatch.setitem(sys.modules, package, None)
    assert any(texts(FasterWhisper(DEMO_FILE, GREEDY), sentences[:1]).values())


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(UsageError, match=r"not installed.*pip install 'voiceguard\[fast\]'"):
        load_transcriber("faster-whisper", DEMO_FILE, GREEDY)


@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_a_gpu_that_is_not_there_is_named(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctranslate2

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with pytest.raises(UsageError, match=f"no device '{device}'"):
        FasterWhisper(DEMO_FILE, replace(GREEDY, device=device))


def test_libraries_that_are_not_there_are_found_before_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ctranslate2

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("Library libcublas.so.12 is not found or cannot be loaded\nmore")

    monkeypatch.setattr(ctranslate2.models, "Whisper", fail)
    with pytest.raises(ModelError, match=r"demo does not run on cpu .*libcublas\.so\.12.*loaded\)"):
        FasterWhisper(DEMO_FILE, replace(GREEDY, device="cpu"))


def test_a_language_that_the_model_does_not_know() -> None:
    with pytest.raises(UsageError, match="does not know the language 'yue'"):
        FasterWhisper(DEMO_FILE, replace(GREEDY, language="yue"))


def test_threads_are_pytorchs_but_no_more_than_cores() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert ctranslate.threads() == 1
        torch.set_num_threads(512)
        assert 1 <= ctranslate.threads() < 512
    finally:
        torch.set_num_threads(before)


class TestAuto:
    """``--engine auto``"""

    def test_it_takes_the_faster_one(self) -> None:
        assert load_transcriber("auto", DEMO_FILE, GREEDY).engine.name == "faster-whisper"

    def test_without_the_extra_it_takes_the_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ctranslate2", None)
        assert load_transcriber("auto", DEMO_FILE, GREEDY).engine.name == "openai-whisper"

    def test_where_nothing_can_be_kept_it_takes_the_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        assert load_transcriber("auto", DEMO_FILE, GREEDY).engine.name == "openai-whisper"

    def test_a_damaged_model_is_an_error_all_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.pt"
        path.write_bytes(DEMO_FILE.read_bytes()[:1000])
        with pytest.raises(ModelError, match=r"broken\.pt is not a usable Whisper checkpoint"):
            load_transcriber("auto", path, GREEDY)

    def test_pytorchs_gpu_goes_before_ctranslate2_without_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import ctranslate2

        from voiceguard.transcribe.engines import openai_whisper

        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
        monkeypatch.setattr(openai_whisper, "OpenAIWhisper", lambda _, options: options.device)
        assert load_transcriber("auto", DEMO_FILE, GREEDY) == "cuda"  # type: ignore[comparison-overlap]
