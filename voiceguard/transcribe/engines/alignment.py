"""When each token was said: dynamic time warping over Whisper's cross-attention.

The method is openai-whisper's ``timing.find_alignment``, for a batch of windows whose encoder
output is already there, so that the encoder does not run a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_FRAME_MS = 20
_MEDIAN = 7
#: Windows aligned at once: the attention and logits of all their tokens are held together.
_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class TokenTime:
    """A text token with its time in the window (ms) and its probability."""

    token: int
    start: float
    end: float
    probability: float


def align(
    model: Any, tokenizer: Any, features: Tensor, tokens: list[list[int]], durations: list[int]
) -> list[list[TokenTime]]:
    """Token times of each window.

    Args:
        features: encoder output, (windows, 1500, width).
        tokens: text tokens of each window, without timestamps.
        durations: length of each window in ms; attention to the padding after it is left out.
    """
    out: list[list[TokenTime]] = [[] for _ in tokens]
    todo = sorted((i for i, t in enumerate(tokens) if t), key=lambda i: len(tokens[i]))
    for at in range(0, len(todo), _TOGETHER):
        group = todo[at : at + _TOGETHER]
        rows = _group(model, tokenizer, features[group], [tokens[i] for i in group],
                      [durations[i] for i in group])
        for i, row in zip(group, rows, strict=True):
            out[i] = row
    return out


def _group(
    model: Any, tokenizer: Any, features: Tensor, tokens: list[list[int]], durations: list[int]
) -> list[list[TokenTime]]:
    import torch
    from whisper.model import disable_sdpa

    head = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    longest = max(map(len, tokens))
    given = torch.tensor(
        [[*head, *row, *[tokenizer.eot] * (longest + 1 - len(row))] for row in tokens],
        device=features.device,
    )
    looks: list[Any] = [None] * model.dims.n_text_layer
    hooks = [
        block.cross_attn.register_forward_hook(
            lambda _m, _i, result, layer=layer: looks.__setitem__(layer, result[-1])
        )
        for layer, block in enumerate(model.decoder.blocks)
    ]
    try:
        with disable_sdpa():
            logits = model.decoder(given, features)
    finally:
        for hook in hooks:
            hook.remove()
    heads = torch.stack([looks[layer][:, h] for layer, h in model.alignment_heads.indices().T], 1)
    out = []
    for i, row in enumerate(tokens):
        before = len(head) - 1  # the step that says the first text token
        chance = logits[i, before : before + len(row), : tokenizer.eot].float().softmax(-1)
        probabilities = chance[torch.arange(len(row)), torch.tensor(row, device=chance.device)]
        frames = max(2, min(durations[i] // _FRAME_MS, heads.shape[-1]))
        steps = heads[i, :, : len(head) + len(row) + 1, :frames]
        out.append(_times(steps, row, before, probabilities.tolist()))
    return out


def _times(
    looks: Tensor, tokens: list[int], before: int, probabilities: list[float]
) -> list[TokenTime]:
    """Warp tokens onto frames; ``looks`` is (heads, steps, frames) of raw attention."""
    import numpy as np
    import torch
    from librosa.sequence import dtw
    from whisper.timing import median_filter

    weights = looks.float().softmax(-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = median_filter((weights - mean) / (std + 1e-9), _MEDIAN)
    matrix = weights.mean(0)[before : before + len(tokens) + 1].double().cpu().numpy()
    _, path = dtw(C=-matrix)
    path = path[::-1]
    first = np.concatenate([[True], np.diff(path[:, 0]) > 0])
    begins = path[first, 1] * _FRAME_MS
    return [
        TokenTime(token, float(begins[k]), float(begins[k + 1]), probability)
        for k, (token, probability) in enumerate(zip(tokens, probabilities, strict=True))
    ]
