"""Models of Whisper's dimensions with random weights, made to write a fixed number of tokens."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.speed.work import FRAMES, Size


def dimensions(size: Size) -> Any:
    """openai-whisper's dimensions of a size."""
    from whisper.model import ModelDimensions

    heads = max(1, size.width // 64)
    return ModelDimensions(
        n_mels=size.bands, n_audio_ctx=FRAMES, n_audio_state=size.width, n_audio_head=heads,
        n_audio_layer=size.layers, n_vocab=size.vocabulary, n_text_ctx=448,
        n_text_state=size.width, n_text_head=heads, n_text_layer=size.text_layers,
    )


def random_checkpoint(size: Size, path: Path, seed: int = 0) -> Path:
    """Write a checkpoint; its transcripts mean nothing, its work is a real model's."""
    import torch
    from whisper.model import Whisper

    torch.manual_seed(seed)
    dims = dimensions(size)
    model = Whisper(dims)
    with torch.no_grad():
        model.decoder.positional_embedding.normal_(0, 0.02)  # else whatever was in memory
        model.decoder.token_embedding.weight.normal_(0, 0.02)
    torch.save({"dims": asdict(dims), "model_state_dict": model.state_dict()}, path)
    return path


def fix_tokens(engine: Any, count: int) -> None:
    """Let an engine of VoiceGuard write ``count`` tokens in every window, no more and no less.

    It may neither end a text nor write a time after the one at the beginning.
    """
    tokenizer = engine._tokenizer
    first = tokenizer.timestamp_begin
    barred = [tokenizer.eot, *range(first + 1, first + FRAMES + 1)]
    if hasattr(engine, "_plan"):
        import torch

        rules = engine._plan.rules
        never = torch.cat([rules.never, torch.tensor(barred, device=rules.never.device)]).unique()
        engine._plan = replace(engine._plan, limit=count, rules=replace(rules, never=never))
        return
    engine._room = count
    if not isinstance(engine._model, _Barred):
        engine._model = _Barred(engine._model, [-1, *barred])


class _Barred:
    """A CTranslate2 model that never writes some tokens."""

    def __init__(self, model: Any, tokens: list[int]) -> None:
        self._inner, self._tokens = model, tokens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def generate(self, *args: Any, **more: Any) -> Any:
        return self._inner.generate(*args, suppress_tokens=self._tokens, **more)
