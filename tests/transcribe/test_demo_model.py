"""The shipped model through openai-whisper itself and through VoiceGuard's engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from voiceguard.audio import AudioOptions, read_blocks
from voiceguard.domain import Piece, Span, Window, Word
from voiceguard.errors import ModelError
from voiceguard.transcribe import TranscribeOptions, load_transcriber
from voiceguard.transcribe.engines.alignment import align
from voiceguard.transcribe.engines.encoding import Habits, habits_of, log_mels
from voiceguard.transcribe.engines.openai_whisper import OpenAIWhisper
from voiceguard.transcribe.models import DEMO_FILE
from voiceguard.transcribe.options import WordTimes

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "calls" / "01-agency-hired.wav"


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    """The agent's first sentences, as two windows."""
    blocks = read_blocks(str(SAMPLE), AudioOptions(), [0])
    samples = next(iter(blocks)).samples[0]
    spans = (Span(700, 5200), Span(5200, 9800))
    return [Window(f"c:0:{i}", 0, (Piece(s, 0),), samples[s.start * 16 : s.end * 16])
            for i, s in enumerate(spans)]


@pytest.fixture(scope="module")
def engine() -> OpenAIWhisper:
    made = load_transcriber("openai-whisper", DEMO_FILE, TranscribeOptions(temperatures=(0.0,)))
    assert isinstance(made, OpenAIWhisper)
    return made


def test_it_is_small_enough_and_loads_with_whisper() -> None:
    import whisper

    assert DEMO_FILE.stat().st_size <= 45_000_000
    model = whisper.load_model(str(DEMO_FILE), device="cpu")
    assert model.dims.n_vocab == 51865
    assert model.is_multilingual
    result = model.transcribe(np.zeros(16_000, np.float32), language="zh", fp16=False,
                              temperature=0.0)
    assert set(result) == {"text", "segments", "language"}


def test_words_are_in_order_inside_their_piece_and_spell_the_text(
    engine: OpenAIWhisper, windows: list[Window]
) -> None:
    found = dict(engine.transcribe(windows))
    assert set(found) == {w.id for w in windows}
    assert any(found.values())
    for window in windows:
        reach = window.pieces[0].span.start
        for word in found[window.id]:
            assert word.span is not None
            assert reach <= word.span.start <= word.span.end <= window.pieces[-1].span.end
            assert word.confidence is not None
            assert 0 <= word.confidence <= 1
            reach = word.span.end


def test_decoding_twice_gives_the_same(engine: OpenAIWhisper, windows: list[Window]) -> None:
    assert list(engine.transcribe(windows)) == list(engine.transcribe(windows))


def test_segment_times_need_no_word_times(windows: list[Window]) -> None:
    def words(times: WordTimes) -> dict[str, tuple[Word, ...]]:
        options = TranscribeOptions(temperatures=(0.0,), word_times=times)
        return dict(OpenAIWhisper(DEMO_FILE, options).transcribe(windows))

    coarse, fine = words("none"), words("all")
    for key, segments in coarse.items():
        assert "".join(w.text for w in segments) == "".join(w.text for w in fine[key])
        assert all(w.confidence is None for w in segments)


def test_token_times_are_those_of_whispers_own_alignment(
    engine: OpenAIWhisper, windows: list[Window]
) -> None:
    import whisper
    from whisper.audio import N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim
    from whisper.timing import find_alignment

    model, tokenizer = whisper.load_model(str(DEMO_FILE), device="cpu"), engine._tokenizer
    tokens = tokenizer.encode("您好请问是李强先生吗")
    mel = pad_or_trim(log_mel_spectrogram(pad_or_trim(windows[0].samples, N_SAMPLES)), N_FRAMES)
    whispers = find_alignment(model, tokenizer, tokens, mel, windows[0].duration // 10)
    with torch.inference_mode():
        memory = engine._decoder.remember(engine._encoder(log_mels(windows[:1], Habits(), 80)))
        (ours,) = align(engine._decoder, tokenizer, engine._heads, memory, [tokens],
                        [windows[0].duration])
    at = 0
    for word in whispers[:-1]:
        mine = ours[at : at + len(word.tokens)]
        at += len(word.tokens)
        assert mine[0].start / 1000 == pytest.approx(word.start, abs=1e-6)
        assert mine[-1].end / 1000 == pytest.approx(word.end, abs=1e-6)
        mean = sum(t.probability for t in mine) / len(mine)
        assert mean == pytest.approx(word.probability, rel=1e-3, abs=1e-6)


def test_a_checkpoint_without_habits_is_padded(tmp_path: Path) -> None:
    torch.save({"dims": {}, "model_state_dict": {}}, tmp_path / "a.pt")
    assert habits_of(tmp_path / "a.pt") == Habits()


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 no zip"])
def test_a_broken_checkpoint_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.pt is not a usable Whisper checkpoint"):
        OpenAIWhisper(path, TranscribeOptions())


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    torch.save({"dims": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError):
        OpenAIWhisper(tmp_path / "evil.pt", TranscribeOptions())
    assert not (tmp_path / "ran").exists()
