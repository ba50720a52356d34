"""Whisper's encoder on weights converted once, for windows of any length up to 30 s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Frames (of 20 ms) that a CPU takes at once: enough for its matrix product, and what they need
#: in between still fits its cache.
_FRAMES = 2048


@dataclass(frozen=True, slots=True)
class Linear:
    """A matrix and what is added after it."""

    weight: Tensor
    bias: Tensor | None


@dataclass(frozen=True, slots=True)
class _Layer:
    attention_norm: Linear
    qkv: Linear
    out: Linear
    mlp_norm: Linear
    up: Linear
    down: Linear


class Encoder:
    """The encoder of an openai-whisper model.

    Args:
        module: its ``encoder``.
        dtype: computed in; the weights are converted here, once.
    """

    def __init__(self, module: Any, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._heads = module.blocks[0].attn.n_head
        self._first, self._second = (taken(c, dtype) for c in (module.conv1, module.conv2))
        self._positions = module.positional_embedding.to(dtype)
        self._layers = [
            _Layer(taken(b.attn_ln, dtype), joined((b.attn.query, b.attn.key, b.attn.value), dtype),
                   taken(b.attn.out, dtype), taken(b.mlp_ln, dtype), taken(b.mlp[0], dtype),
                   taken(b.mlp[2], dtype))
            for b in module.blocks
        ]
        self._norm = taken(module.ln_post, dtype)

    @property
    def width(self) -> int:
        return int(self._positions.shape[1])

    def __call__(self, mel: Tensor) -> Tensor:
        """Features of a batch.

        Args:
            mel: (windows, mels, frames of 10 ms); an even number of frames, at most 3000.

        Returns:
            (windows, frames of 20 ms, width).
        """
        import torch

        mel = mel.to(self._positions.device, self._dtype)
        if mel.is_cuda:
            return self._encode(mel)
        together = max(1, 2 * _FRAMES // mel.shape[2])
        return torch.cat([self._encode(part) for part in torch.split(mel, together)])

    def _encode(self, mel: Tensor) -> Tensor:
        import torch.nn.functional as F

        x = F.gelu(F.conv1d(mel, self._first.weight, self._first.bias, padding=1))
        x = F.gelu(F.conv1d(x, self._second.weight, self._second.bias, stride=2, padding=1))
        x = x.transpose(1, 2) + self._positions[: x.shape[2]]
        windows, frames, width = x.shape
        for layer in self._layers:
            joint = linear(norm(x, layer.attention_norm), layer.qkv)
            q, k, v = joint.view(windows, frames, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            heard = F.scaled_dot_product_attention(q, k, v)
            x = x + linear(heard.transpose(1, 2).reshape(windows, frames, width), layer.out)
            x = x + linear(F.gelu(linear(norm(x, layer.mlp_norm), layer.up)), layer.down)
        return norm(x, self._norm)


def taken(module: Any, dtype: torch.dtype) -> Linear:
    """Weight and bias of a module of Whisper's."""
    bias = None if module.bias is None else module.bias.detach().to(dtype)
    return Linear(module.weight.detach().to(dtype), bias)


def joined(modules: tuple[Any, ...], dtype: torch.dtype) -> Linear:
    """Several linear modules of one input as one; those without a bias add zero."""
    import torch

    zeros = [torch.zeros(m.weight.shape[0], device=m.weight.device) for m in modules]
    biases = [z if m.bias is None else m.bias for m, z in zip(modules, zeros, strict=True)]
    return Linear(torch.cat([m.weight.detach() for m in modules]).to(dtype),
                  torch.cat([b.detach() for b in biases]).to(dtype))


def linear(x: Tensor, by: Linear) -> Tensor:
    """``x`` through a linear layer."""
    import torch.nn.functional as F

    return F.linear(x, by.weight, by.bias)


def norm(x: Tensor, by: Linear) -> Tensor:
    """``x`` through a layer norm; torch sums in float32 whatever the type."""
    import torch.nn.functional as F

    return F.layer_norm(x, (x.shape[-1],), by.weight, by.bias)
