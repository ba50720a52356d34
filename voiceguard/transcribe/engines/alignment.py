"""When each token was said: dynamic time warping over Whisper's cross-attention.

The method is openai-whisper's ``timing.find_alignment``, for a batch of windows whose keys and
values are already there, so that neither the encoder nor they are computed a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voiceguard.transcribe.network.decoder import Decoder, Looks, Memory

if TYPE_CHECKING:
    from torch import Tensor

_FRAME_MS = 20
_MEDIAN = 7
#: Tokens aligned at once: attention to the whole window is held for each.
_TOGETHER = 512
#: Tokens scored at once: the scores of the whole vocabulary are held for each.
_SCORED = 128
#: Exchanges that bring the middle of seven values to the middle (N. Devillard, "Fast median
#: search", 1998).
_EXCHANGES = ((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6), (2, 3), (3, 6), (4, 5),
              (1, 4), (1, 3), (3, 4))  # fmt: skip


@dataclass(frozen=True, slots=True)
class TokenTime:
    """A text token with its time in the window (ms) and its probability."""

    token: int
    start: float
    end: float
    probability: float


def align(
    decoder: Decoder, tokenizer: Any, heads: Sequence[tuple[int, int]], memory: Memory,
    tokens: Sequence[Sequence[int]], durations: Sequence[int],
) -> list[list[TokenTime]]:
    """Token times of each window.

    Args:
        heads: ``(layer, head)`` of those whose attention tells the time.
        memory: the windows.
        tokens: text tokens of each window, without timestamps.
        durations: length of each window in ms; attention to the padding after it is left out.
    """
    out: list[list[TokenTime]] = [[] for _ in tokens]
    start = 0
    while start < len(memory.order):
        stop, longest = start, 0
        while stop < len(memory.order):
            longest = max(longest, len(tokens[memory.order[stop]]))
            if stop > start and longest * (stop + 1 - start) > _TOGETHER:
                break
            stop += 1
        rows = memory.part(start, stop)
        given = [tokens[w] for w in rows.order]
        if any(given):
            found = _group(decoder, tokenizer, heads, rows, given,
                           [durations[w] for w in rows.order])
            for window, times in zip(rows.order, found, strict=True):
                out[window] = times
        start = stop
    return out


def _group(
    decoder: Decoder, tokenizer: Any, heads: Sequence[tuple[int, int]], memory: Memory,
    tokens: Sequence[Sequence[int]], durations: Sequence[int],
) -> list[list[TokenTime]]:
    import torch

    head = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    longest = max(map(len, tokens))
    given = torch.tensor(
        [[*head, *row, *[tokenizer.eot] * (longest + 1 - len(row))] for row in tokens],
        device=memory.keys[0].device,
    )
    looks = Looks({layer: [h for at, h in heads if at == layer] for layer, _ in heads})
    hidden = decoder(given, memory, looks=looks)
    seen = torch.cat(looks.found, 1)
    before = len(head) - 1  # the step that says the first text token
    said = torch.cat([hidden[i, before : before + len(row)] for i, row in enumerate(tokens)])
    flat = torch.tensor([token for row in tokens for token in row], device=given.device)
    chances = iter(_probabilities(decoder, said, flat, tokenizer.eot))
    out: list[list[TokenTime]] = []
    for i, row in enumerate(tokens):
        frames = max(2, min(durations[i] // _FRAME_MS, seen.shape[-1]))
        steps = seen[i, :, : len(head) + len(row) + 1, :frames]
        out.append(_times(steps, row, before, [next(chances) for _ in row]) if row else [])
    return out


def _probabilities(decoder: Decoder, hidden: Tensor, tokens: Tensor, eot: int) -> list[float]:
    """Probability of each token among those that are text."""
    import torch

    out: list[float] = []
    parts = zip(torch.split(hidden, _SCORED), torch.split(tokens, _SCORED), strict=True)
    for some, wanted in parts:
        scores = decoder.vocabulary.scores(some)[:, :eot]
        chosen = scores.gather(1, wanted[:, None])[:, 0]
        out += torch.exp(chosen - scores.logsumexp(1)).tolist()
    return out


def _times(
    looks: Tensor, tokens: Sequence[int], before: int, probabilities: Sequence[float]
) -> list[TokenTime]:
    """Warp tokens onto frames; ``looks`` is (heads, steps, frames) of raw attention."""
    import numpy as np
    import torch
    from librosa.sequence import dtw

    weights = looks.float().softmax(-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = _medians((weights - mean) / (std + 1e-9))
    matrix = weights.mean(0)[before : before + len(tokens) + 1].double().cpu().numpy()
    _, path = dtw(C=-matrix)
    path = path[::-1]
    first = np.concatenate([[True], np.diff(path[:, 0]) > 0])
    begins = path[first, 1] * _FRAME_MS
    return [
        TokenTime(token, float(begins[k]), float(begins[k + 1]), probability)
        for k, (token, probability) in enumerate(zip(tokens, probabilities, strict=True))
    ]


def _medians(x: Tensor) -> Tensor:
    """``whisper.timing.median_filter`` over seven frames: the same values without its sort."""
    import torch
    import torch.nn.functional as F

    if x.shape[-1] <= _MEDIAN // 2:
        return x
    padded = F.pad(x, (_MEDIAN // 2, _MEDIAN // 2), mode="reflect")
    near = list(padded.unfold(-1, _MEDIAN, 1).unbind(-1))
    for a, b in _EXCHANGES:
        near[a], near[b] = torch.minimum(near[a], near[b]), torch.maximum(near[a], near[b])
    return near[_MEDIAN // 2]
