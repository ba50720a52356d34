"""Token times the slow and obvious way: openai-whisper's decoder run over the text with hooks on
its cross-attention, a window at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from librosa.sequence import dtw
from whisper.model import disable_sdpa
from whisper.timing import median_filter


def slow_times(
    model: Any, tokenizer: Any, features: torch.Tensor, tokens: list[int], duration: int
) -> list[tuple[int, float, float, float]]:
    """``(token, start, end, probability)`` of one window; features are (1, frames, width)."""
    head = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    given = torch.tensor([[*head, *tokens, tokenizer.eot]])
    looks: list[Any] = [None] * model.dims.n_text_layer
    hooks = [
        block.cross_attn.register_forward_hook(
            lambda _m, _i, result, layer=layer: looks.__setitem__(layer, result[-1])
        )
        for layer, block in enumerate(model.decoder.blocks)
    ]
    with disable_sdpa():
        logits = model.decoder(given, features)[0]
    for hook in hooks:
        hook.remove()
    heads = torch.stack([looks[layer][0, h] for layer, h in model.alignment_heads.indices().T])
    before = len(head) - 1
    chance = logits[before : before + len(tokens), : tokenizer.eot].softmax(-1)
    probabilities = chance[torch.arange(len(tokens)), torch.tensor(tokens)].tolist()
    frames = max(2, min(duration // 20, heads.shape[-1]))
    weights = heads[:, :, :frames].softmax(-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = median_filter((weights - mean) / (std + 1e-9), 7)
    matrix = weights.mean(0)[before : before + len(tokens) + 1].double().numpy()
    path = dtw(C=-matrix)[1][::-1]
    begins = path[np.concatenate([[True], np.diff(path[:, 0]) > 0]), 1] * 20
    return [(token, float(begins[k]), float(begins[k + 1]), probability)
            for k, (token, probability) in enumerate(zip(tokens, probabilities, strict=True))]
