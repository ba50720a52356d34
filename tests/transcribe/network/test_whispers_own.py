"""Our decoding beside openai-whisper's own, on the shipped model and real windows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import whisper
from hypothesis import given
from hypothesis import strategies as st
from sample_windows import sample_windows
from slow_alignment import slow_times
from whisper.decoding import ApplyTimestampRules, DecodingOptions, SuppressTokens
from whisper.tokenizer import get_tokenizer

from voiceguard.domain import Window
from voiceguard.errors import UsageError
from voiceguard.transcribe import TranscribeOptions, threads
from voiceguard.transcribe.engines.alignment import _medians, align
from voiceguard.transcribe.engines.encoding import Habits, habits_of, log_mels
from voiceguard.transcribe.engines.lookahead import alike
from voiceguard.transcribe.engines.openai_whisper import OpenAIWhisper
from voiceguard.transcribe.models import DEMO_FILE
from voiceguard.transcribe.network import precision
from voiceguard.transcribe.network.beams import search
from voiceguard.transcribe.network.decoder import Decoder
from voiceguard.transcribe.network.decoding import Decoded, Plan, decode, drawn, likeliest
from voiceguard.transcribe.network.encoder import Encoder
from voiceguard.transcribe.network.precision import Precision, choose
from voiceguard.transcribe.network.rules import Rules

TOKENIZER = get_tokenizer(True, num_languages=99, language="zh", task="transcribe")
ROOM = 64  # tokens: enough for the windows here


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    return sample_windows(10)


@pytest.fixture(scope="module")
def model() -> Any:
    return whisper.load_model(str(DEMO_FILE), device="cpu").eval()


@dataclass
class Network:
    encoder: Encoder
    decoder: Decoder


@pytest.fixture(scope="module")
def network(model: Any) -> Network:
    with torch.no_grad():
        return Network(Encoder(model.encoder, torch.float32), Decoder(model.decoder, torch.float32))


def whispers(model: Any, features: torch.Tensor, options: DecodingOptions) -> list[Any]:
    """``whisper.decode`` on features of any length."""
    before = model.dims.n_audio_ctx
    model.dims.n_audio_ctx = features.shape[1]  # by which it knows features from sound
    try:
        return whisper.decode(model, features, options)
    finally:
        model.dims.n_audio_ctx = before


def same(ours: list[Decoded], theirs: list[Any]) -> None:
    assert [list(r.tokens) for r in ours] == [r.tokens for r in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.mean_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
        assert mine.no_speech == pytest.approx(other.no_speech_prob, abs=1e-4)


@pytest.mark.parametrize("padded", [False, True])
def test_greedy_text_is_whispers(
    padded: bool, windows: list[Window], model: Any, network: Network
) -> None:
    some = windows[:2] if padded else windows
    mels = log_mels(some, Habits(padded=True) if padded else habits_of(DEMO_FILE), 80)
    features = network.encoder(mels)
    if padded:
        assert torch.allclose(features, model.encoder(mels), atol=1e-4)
    options = DecodingOptions(language="zh", fp16=False, sample_len=ROOM,
                              max_initial_timestamp=1.0 if padded else None)
    ours = decode(network.decoder, Plan.of(model, options), network.decoder.remember(features),
                  likeliest)
    theirs = whispers(model, features, options)
    assert any(r.text for r in theirs)
    same(ours, theirs)


@pytest.mark.parametrize("limit", [1, 7])
def test_a_text_that_finds_no_end_is_cut_as_whispers(
    limit: int, windows: list[Window], model: Any, network: Network
) -> None:
    features = network.encoder(log_mels(windows[:4], habits_of(DEMO_FILE), 80))
    options = DecodingOptions(language="zh", fp16=False, sample_len=limit, prompt="您好。",
                              max_initial_timestamp=None)
    plan = Plan.of(model, options)
    memory = network.decoder.remember(features)
    same(decode(network.decoder, plan, memory, likeliest), whispers(model, features, options))


def test_beam_search_is_whispers_window_by_window(
    windows: list[Window], model: Any, network: Network
) -> None:
    features = network.encoder(log_mels(windows[:6], habits_of(DEMO_FILE), 80))
    options = DecodingOptions(language="zh", fp16=False, sample_len=ROOM, beam_size=3,
                              max_initial_timestamp=None)
    memory = network.decoder.remember(features)
    plan = Plan.of(model, options)
    ours = search(network.decoder, plan, memory, 3)
    again = search(network.decoder, plan, memory, 3)
    assert [r.tokens for r in again] == [r.tokens for r in ours], "whatever row a window is in"
    assert [r.logprob for r in again] == pytest.approx([r.logprob for r in ours], abs=1e-3)
    same(ours, [whispers(model, features[i : i + 1], options)[0] for i in range(len(features))])


def test_what_is_drawn_for_a_window_does_not_depend_on_the_others(
    windows: list[Window], model: Any, network: Network
) -> None:
    features = network.encoder(log_mels(windows[:4], habits_of(DEMO_FILE), 80))
    plan = Plan.of(model, DecodingOptions(language="zh", fp16=False, sample_len=ROOM))

    def texts(order: list[int]) -> dict[int, tuple[int, ...]]:
        memory = network.decoder.remember(features[order])
        found = decode(network.decoder, plan, memory, drawn(0.8, [100 + i for i in order]))
        return {i: r.tokens for i, r in zip(order, found, strict=True)}

    together = texts([0, 1, 2, 3])
    assert texts([3, 1, 0, 2]) == together
    assert texts([2]) == {2: together[2]}
    greedy = decode(network.decoder, plan, network.decoder.remember(features), likeliest)
    assert [r.tokens for r in greedy] != list(together.values())


said = st.lists(st.one_of(st.integers(0, TOKENIZER.eot - 1), st.just(TOKENIZER.eot),
                          st.integers(TOKENIZER.timestamp_begin, 51864)), min_size=6, max_size=6)


@given(rows=st.lists(said, min_size=1, max_size=5), steps=st.integers(0, 6),
       first=st.sampled_from([None, 0, 50]), seed=st.integers(0, 99), tilt=st.floats(-9, 9))
def test_timestamp_rules_are_whispers(
    rows: list[list[int]], steps: int, first: int | None, seed: int, tilt: float
) -> None:
    prompt = list(TOKENIZER.sot_sequence)
    scores = torch.randn(len(rows), 51865, generator=torch.Generator().manual_seed(seed)) * 3
    scores[:, TOKENIZER.timestamp_begin :] += tilt  # so that either side wins
    tokens = torch.tensor([prompt + row[:steps] for row in rows])
    theirs = scores.clone()
    SuppressTokens([1, 50358]).apply(theirs, tokens)
    ApplyTimestampRules(TOKENIZER, len(prompt), first).apply(theirs, tokens)
    Rules.of(TOKENIZER, [1, 50358], first, "cpu").apply(scores, tokens[:, len(prompt) :])
    assert torch.equal(scores, theirs)


def test_token_times_are_those_of_the_slow_way(
    windows: list[Window], model: Any, network: Network
) -> None:
    features = network.encoder(log_mels(windows, habits_of(DEMO_FILE), 80))
    memory = network.decoder.remember(features)
    plan = Plan.of(model, DecodingOptions(language="zh", fp16=False, sample_len=ROOM))
    texts = [[t for t in r.tokens if t < TOKENIZER.eot]
             for r in decode(network.decoder, plan, memory, likeliest)]
    texts[1] = []
    assert memory.order != sorted(memory.order), "rows have changed places, as they do in use"
    heads = [(int(a), int(b)) for a, b in model.alignment_heads.indices().T]
    durations = [w.duration for w in windows]
    ours = align(network.decoder, TOKENIZER, heads, memory, texts, durations)
    for i, row in enumerate(ours):
        if not texts[i]:
            assert row == []
            continue
        slow = slow_times(model, TOKENIZER, features[i : i + 1], texts[i], durations[i])
        assert [(t.token, t.start, t.end) for t in row] == [s[:3] for s in slow]
        assert [t.probability for t in row] == pytest.approx([s[3] for s in slow], abs=1e-4)


@given(frames=st.integers(1, 40), seed=st.integers(0, 99), ties=st.booleans())
def test_medians_are_whispers(frames: int, seed: int, ties: bool) -> None:
    from whisper.timing import median_filter

    x = torch.randn(2, 3, frames, generator=torch.Generator().manual_seed(seed))
    x = x.round() if ties else x
    assert torch.equal(_medians(x), median_filter(x, 7))


def test_words_do_not_depend_on_the_batch(windows: list[Window]) -> None:
    def words(size: int) -> str:
        engine = OpenAIWhisper(DEMO_FILE, TranscribeOptions(batch_size=size))
        found = list(engine.transcribe(windows))
        assert [key for key, _ in found] == [w.id for w in windows]
        return json.dumps([[(w.text, str(w.span)) for w in row] for _, row in found])

    assert words(1) == words(4) == words(16)


def test_batches_are_of_like_windows_and_results_in_order() -> None:
    made = [Window(str(i), 0, (), torch.zeros(i * 37 % 100 + 1).numpy()) for i in range(70)]
    batches: list[list[int]] = []

    def lengths(batch: list[Window]) -> list[int]:
        batches.append([len(w.samples) for w in batch])
        return batches[-1]

    found = list(alike(iter(made), 8, lengths))
    assert found == [(w.id, len(w.samples)) for w in made]
    assert all(len(b) <= 8 for b in batches)
    ahead = [length for batch in batches[:4] for length in batch]
    assert ahead == sorted(ahead), "sorted within the look-ahead"
    assert sum(max(b) * len(b) for b in batches) < 70 * 70, "little padding"


FLAGS = {"amx": "flags : sse avx512_bf16 amx_bf16", "old": "flags : sse avx2",
         "arm": "Features: bf16"}


@pytest.mark.parametrize(
    ("wanted", "device", "width", "cpu", "expected"),
    [
        ("auto", "cpu", 512, "old", Precision("float32", "float32")),
        ("auto", "cpu", 512, "amx", Precision("bfloat16", "float32")),
        ("auto", "cpu", 512, "arm", Precision("bfloat16", "float32")),
        ("auto", "cpu", 256, "amx", Precision("float32", "float32")),
        ("float32", "cpu", 512, "amx", Precision("float32", "float32")),
        ("bfloat16", "cpu", 256, "old", Precision("bfloat16", "float32")),
        ("auto", "cuda", 512, "old", Precision("float16", "float16")),
        ("float32", "cuda:1", 512, "old", Precision("float32", "float32")),
        ("bfloat16", "cuda", 512, "old", Precision("bfloat16", "bfloat16")),
    ],
)
def test_precision_by_device(
    wanted: Any, device: str, width: int, cpu: str, expected: Precision, tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "cpuinfo").write_text(FLAGS[cpu] + "\n")
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "cpuinfo")
    assert choose(wanted, device, width) == expected


def test_float16_on_a_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="float16 needs a GPU"):
        choose("float16", "cpu", 512)


def test_a_bfloat16_encoder_is_told_in_the_report_and_keeps_nearly_all_text(
    windows: list[Window],
) -> None:
    from rapidfuzz.distance import Levenshtein

    def text(engine: OpenAIWhisper) -> str:
        return "\n".join("".join(w.text for w in row) for _, row in engine.transcribe(windows[:4]))

    short = OpenAIWhisper(DEMO_FILE, TranscribeOptions(precision="bfloat16"))
    long = OpenAIWhisper(DEMO_FILE, TranscribeOptions(precision="float32"))
    assert dict(short.engine.options)["precision"] == "encoder bfloat16, decoder float32"
    assert dict(long.engine.options)["precision"] == "float32"
    reference = text(long)
    assert Levenshtein.distance(text(short), reference) <= 0.1 * len(reference)


def test_windows_tried_again_do_not_depend_on_the_batch(windows: list[Window]) -> None:
    def texts(size: int) -> list[str]:
        options = TranscribeOptions(batch_size=size, logprob_limit=-0.25, temperatures=(0.0, 0.9),
                                    word_times="none")
        engine = OpenAIWhisper(DEMO_FILE, options)
        engine._habits = Habits(4_500, padded=False, fallback=True)
        return ["".join(w.text for w in row) for _, row in engine.transcribe(windows[:6])]

    once = OpenAIWhisper(DEMO_FILE, TranscribeOptions(word_times="none"))
    greedy = ["".join(w.text for w in row) for _, row in once.transcribe(windows[:6])]
    again = texts(6)
    assert again == texts(2)
    assert 0 < sum(a != b for a, b in zip(again, greedy, strict=True)) < 6, "some, not all"


@pytest.mark.parametrize(
    ("wanted", "variable", "expected"), [(3, None, 3), (0, None, 1), (0, "7", 5), (3, "7", 3)]
)
def test_threads_are_set_once(
    wanted: int, variable: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = [5]
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: used[0])
    monkeypatch.setattr(torch, "set_num_threads", lambda n: used.__setitem__(0, n))
    threads.set_threads(wanted)
    assert used == [expected]
