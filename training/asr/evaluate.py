"""How well a training state reads: ``python -m training.asr.evaluate build/asr --count 60``.

Greedy decoding through openai-whisper, one held-out utterance a window, CER without punctuation;
windows at their own length as VoiceGuard decodes them, or padded to 30 s (``--padded``). The
figures that count are measured through ``voiceguard analyze`` (``benchmarks/samples.py``); this one
is for watching the training.
"""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from training.asr.network import SmallWhisper, export
from training.asr.train import PHONES, SYLLABLES
from training.asr.windows import Labels, prepare, window


def encode_short(encoder: Any, mel: Tensor) -> Tensor:
    """Whisper's encoder on (batch, mels, frames) of fewer than 3000 frames; an even number."""
    x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mel)))).permute(0, 2, 1)
    x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
    for block in encoder.blocks:
        x = block(x)
    return encoder.ln_post(x)


@contextmanager
def context_of(model: Any, frames: int) -> Iterator[None]:
    """Let openai-whisper's decoder take features of ``frames`` frames as already encoded: it knows
    them by the length that the model's dimensions name."""
    before = model.dims.n_audio_ctx
    model.dims.n_audio_ctx = frames
    try:
        yield
    finally:
        model.dims.n_audio_ctx = before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--padded", action="store_true", help="30 s windows, as plain Whisper")
    parser.add_argument("--save", type=Path, help="write the checkpoint here as well")
    args = parser.parse_args()
    import random

    import whisper

    state = torch.load(args.out / "state.pt", map_location="cpu")
    checkpoint = export(SmallWhisper(PHONES, SYLLABLES), state["average"], f"step {state['step']}")
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    if args.save:
        args.save.write_bytes(buffer.getvalue())
        print(f"{args.save}: {args.save.stat().st_size / 1e6:.1f} MB")
    temporary = args.out / "evaluate.pt"
    temporary.write_bytes(buffer.getvalue())
    model = whisper.load_model(str(temporary), device="cpu")
    rows = torch.load(args.out / "held" / "00000.pt") if (args.out / "held").is_dir() else []
    rng = random.Random(1)
    rows = rng.sample(rows, args.count)
    phones, syllables = Labels(PHONES, state["phones"]), Labels(SYLLABLES, state["syllables"])
    settings = whisper.DecodingOptions(language="zh", fp16=False, max_initial_timestamp=None)
    results = []
    for row in rows:
        seconds = 30.0 if args.padded else row["mel"].shape[1] / 100 + 0.7
        made = window([prepare(row, phones, syllables)], seconds, True, rng, 0.0, (0.1, 0.2))
        assert made is not None
        with torch.inference_mode():
            features = encode_short(model.encoder, made[0][None])
        with context_of(model, features.shape[1]):
            results += whisper.decode(model, features, settings)
    for language in ("cmn+", "cmn-latn-pinyin+"):
        errors = length = 0
        for row, result in zip(rows, results, strict=True):
            if row["voice"].startswith(language):
                want, got = (re.sub("[，。？ ]", "", t) for t in (row["text"], result.text))
                errors += Levenshtein.distance(want, got)
                length += len(want)
        print(f"{language} CER {errors / max(1, length):.3f} over {length} characters")
    for row, result in list(zip(rows, results, strict=True))[:6]:
        print(row["voice"], row["text"], "→", result.text, f"{result.avg_logprob:.2f}")


if __name__ == "__main__":
    main()
