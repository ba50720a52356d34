"""What the speed benchmark counts, lays out and prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.speed.audio import Clip, lay_out
from benchmarks.speed.clock import Timed, rounds
from benchmarks.speed.table import against, character_errors, put, ratio, table
from benchmarks.speed.weights import dimensions, fix_tokens, random_checkpoint
from benchmarks.speed.work import SIZES, Size

RATE = 16_000
MICRO = Size("micro", 64, 1, 2)


def make_clips(count: int, rng: np.random.Generator) -> list[Clip]:
    """Clips of 1 to 5 s of a constant that tells where they lie; the text is their number."""
    lengths = rng.integers(RATE, 5 * RATE, count)
    return [Clip(np.full(n, 0.5, np.float32), f"句{i}。") for i, n in enumerate(lengths)]


@pytest.mark.parametrize("seconds", [30, 90])
@pytest.mark.parametrize("seed", range(3))
def test_each_channel_speaks_for_45_percent_of_the_call(seconds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    laid, _ = lay_out(make_clips(120, rng), seconds, rng)
    assert laid.samples.shape == (2, seconds * RATE)
    for channel in range(2):
        loud = np.mean(np.abs(laid.samples[channel]) > 0.1)  # the line's noise is below
        assert loud == pytest.approx(0.45, abs=0.01)
        assert laid.speech[channel] / seconds == pytest.approx(0.45, abs=0.01)


def test_a_clip_is_used_once_and_the_layout_repeats() -> None:
    def made() -> tuple[str, list[str], bytes]:
        rng = np.random.default_rng(7)
        laid, rest = lay_out(make_clips(80, rng), 40, rng)
        return "".join(laid.texts), [c.text for c in rest], laid.samples.tobytes()

    text, rest, samples = made()
    used = [f"句{i}。" for i in range(80) if f"句{i}。" in text]
    assert sorted(used + rest) == sorted(f"句{i}。" for i in range(80))
    assert len("".join(used)) == len(text)
    assert made() == (text, rest, samples)


@pytest.mark.parametrize("size", [MICRO, SIZES["tiny"], SIZES["turbo"]], ids=lambda s: s.name)
def test_operations_are_those_that_whispers_own_network_does(size: Size) -> None:
    """Counted by torch, product by product, over openai-whisper's modules without real numbers."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from whisper.model import AudioEncoder, TextDecoder, disable_sdpa

    d = dimensions(size)
    with torch.device("meta"), torch.no_grad(), disable_sdpa():
        encoder = AudioEncoder(d.n_mels, d.n_audio_ctx, d.n_audio_state, d.n_audio_head,
                               d.n_audio_layer)
        decoder = TextDecoder(d.n_vocab, d.n_text_ctx, d.n_text_state, d.n_text_head,
                              d.n_text_layer)
        with FlopCounterMode(display=False) as whole:
            heard = encoder(torch.empty(1, d.n_mels, 3000))
        with FlopCounterMode(display=False) as remembering:
            for block in decoder.blocks:
                block.cross_attn.key(heard)
                block.cross_attn.value(heard)
        with FlopCounterMode(display=False) as text:
            decoder(torch.zeros(1, 1, dtype=torch.long), heard)
    assert size.encoder() == pytest.approx(whole.get_total_flops(), rel=1e-6)
    assert size.remembering() == pytest.approx(remembering.get_total_flops(), rel=1e-6)
    # The token's attention to itself is in torch's count: 4·d a layer.
    step = text.get_total_flops() - remembering.get_total_flops()
    assert size.step() == pytest.approx(step, rel=1e-4)


@pytest.mark.parametrize("size", [MICRO, SIZES["tiny"], SIZES["small"]], ids=lambda s: s.name)
def test_bytes_of_a_step_are_the_decoders_weights_and_what_it_remembers(size: Size) -> None:
    import torch
    from whisper.model import TextDecoder

    d = dimensions(size)
    with torch.device("meta"):
        decoder = TextDecoder(d.n_vocab, d.n_text_ctx, d.n_text_state, d.n_text_head,
                              d.n_text_layer)
    read = sum(
        value.nbytes for name, value in decoder.state_dict().items()
        if value.ndim == 2 and "positional" not in name
        and "cross_attn.key" not in name and "cross_attn.value" not in name
    )
    remembered = 2 * d.n_text_layer * d.n_audio_ctx * d.n_text_state * 4
    assert size.step_bytes(1) == read + remembered
    assert size.step_bytes(8) == read + 8 * remembered


@pytest.mark.parametrize("name", ["openai-whisper", "faster-whisper"])
def test_a_fixed_number_of_tokens_is_written(name: str, tmp_path: Path) -> None:
    from benchmarks.speed import ours
    from voiceguard.domain import Piece, Span, Window

    engine = ours.engine(name, random_checkpoint(MICRO, tmp_path / "micro.pt"))
    fix_tokens(engine, 9)
    seen: list[int] = []
    decode = engine._decode  # type: ignore[attr-defined]

    def watched(*args: object) -> list:  # type: ignore[type-arg]
        out: list = decode(*args)  # type: ignore[type-arg]
        seen.extend(len(d.tokens) for d in out)
        return out

    engine._decode = watched  # type: ignore[attr-defined]
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    windows = [Window(f"w:0:{i}", 0, (Piece(Span(0, 2000), 0),), noise) for i in range(3)]
    assert len(list(engine.transcribe(windows))) == 3
    assert seen == [9, 9, 9]


def test_contestants_take_turns_and_the_warm_up_is_not_counted() -> None:
    order: list[str] = []
    time = iter(range(1000))
    found = rounds({name: lambda name=name: order.append(name) for name in "ab"},  # type: ignore[misc]
                   3, clock=lambda: float(next(time)))
    assert "".join(order) == "ba" "ab" "ba" "ab"
    assert {name: len(t.seconds) for name, t in found.items()} == {"a": 3, "b": 3}
    hurried = rounds({"a": lambda: None}, 3, patience=-1)
    assert len(hurried["a"].seconds) == 1


def test_tables_say_what_was_measured_and_what_was_missed() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert ratio(Timed([8, 6, 9]), Timed([2, 1, 4])) == "4.00 × (6.00 ×)"
    assert against(4.2, 4) == "4.20 (target ≥ 4: met)"
    assert against(3.9, 4) == "3.90 (target ≥ 4: **missed**)"
    assert against(0.02, 0.01, least=False) == "0.02 (target ≤ 0.01: **missed**)"
    errors = character_errors(["你好，王先生。", "再见"], ["您好王先生", "再"])
    assert errors == pytest.approx(2 / 7)


def test_figures_go_to_their_place_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("top\n<!-- a -->old<!-- /a -->\nmiddle\n<!-- b -->\n<!-- /b -->end", "utf-8")
    put(page, {"a": "new"})
    put(page, {"a": "newer", "b": "two"})
    assert page.read_text("utf-8") == (
        "top\n<!-- a -->\n\nnewer\n\n<!-- /a -->\nmiddle\n<!-- b -->\n\ntwo\n\n<!-- /b -->end"
    )
    with pytest.raises(ValueError, match="no place"):
        put(page, {"c": "lost"})
