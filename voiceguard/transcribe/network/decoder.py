"""Whisper's decoder for a batch of windows that shrinks as they are done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voiceguard.transcribe.network.encoder import Linear, joined, linear, norm, taken
from voiceguard.transcribe.network.projection import Vocabulary

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class _Layer:
    attention_norm: Linear
    qkv: Linear
    out: Linear
    cross_norm: Linear
    cross_query: Linear
    cross_out: Linear
    mlp_norm: Linear
    up: Linear
    down: Linear


@dataclass(slots=True)
class Memory:
    """What the decoder attends to: the encoded windows, as keys and values of every layer.

    Attributes:
        keys: per layer (windows, heads, 64, frames).
        values: per layer (windows, heads, frames, 64).
        order: the window in each row; rows change places as windows are done.
        live: rows of windows that are not done; they come first.
    """

    keys: list[Tensor]
    values: list[Tensor]
    order: list[int]
    live: int

    def swap(self, a: int, b: int) -> None:
        """Exchange two rows."""
        if a != b:
            for held in (*self.keys, *self.values):
                _swap(held, a, b)
            self.order[a], self.order[b] = self.order[b], self.order[a]

    def part(self, start: int, stop: int) -> Memory:
        """Some rows, not copied."""
        return Memory([k[start:stop] for k in self.keys], [v[start:stop] for v in self.values],
                      self.order[start:stop], stop - start)

    def pick(self, windows: list[int]) -> Memory:
        """A copy with these windows only; its ``order`` counts in them."""
        rows = [self.order.index(w) for w in windows]
        return Memory([k[rows] for k in self.keys], [v[rows] for v in self.values],
                      list(range(len(rows))), len(rows))


@dataclass(slots=True)
class Cache:
    """Keys and values of the tokens so far, per layer (rows, heads, steps, 64)."""

    keys: list[Tensor]
    values: list[Tensor]
    length: int = 0

    def swap(self, a: int, b: int, size: int = 1) -> None:
        """Exchange two groups of ``size`` rows."""
        if a != b:
            for held in (*self.keys, *self.values):
                so_far = held[:, :, : self.length]
                _swap(so_far.view(-1, size, *so_far.shape[1:]), a, b)

    def follow(self, rows: Tensor) -> None:
        """Let row i go on from what is now row ``rows[i]``."""
        for held in (*self.keys, *self.values):
            held[: len(rows), :, : self.length] = held[rows, :, : self.length]


@dataclass(slots=True)
class Looks:
    """Collects attention to the windows (scores before the softmax) of chosen heads.

    Attributes:
        heads: the heads wanted, by layer.
        found: (windows, heads of that layer, steps, frames) of each such layer, in order.
    """

    heads: dict[int, list[int]]
    found: list[Tensor] = field(default_factory=list)


class Decoder:
    """The decoder of an openai-whisper model.

    Args:
        module: its ``decoder``.
        dtype: computed in; the weights are converted here, once.
    """

    def __init__(self, module: Any, dtype: torch.dtype) -> None:
        first = module.blocks[0].attn
        self._heads = first.n_head
        self._size = first.query.weight.shape[0] // self._heads
        self._dtype = dtype
        self.context = int(module.positional_embedding.shape[0])
        self._positions = module.positional_embedding.detach().to(dtype)
        self.vocabulary = Vocabulary(module.token_embedding.weight, dtype)
        self._layers = [self._layer(block, dtype) for block in module.blocks]
        pairs = [m for b in module.blocks for m in (b.cross_attn.key, b.cross_attn.value)]
        self._hears = joined(tuple(pairs), dtype)
        self._norm = taken(module.ln, dtype)

    def _layer(self, block: Any, dtype: torch.dtype) -> _Layer:
        """Queries are scaled here once instead of at every step."""
        scale = self._size**-0.5
        qkv = joined((block.attn.query, block.attn.key, block.attn.value), dtype)
        width = block.attn.query.weight.shape[0]
        assert qkv.bias is not None
        qkv.weight[:width] *= scale
        qkv.bias[:width] *= scale
        query = taken(block.cross_attn.query, dtype)
        assert query.bias is not None
        query = Linear(query.weight * scale, query.bias * scale)
        return _Layer(
            taken(block.attn_ln, dtype), _laid(qkv), _laid(taken(block.attn.out, dtype)),
            taken(block.cross_attn_ln, dtype), _laid(query),
            _laid(taken(block.cross_attn.out, dtype)), taken(block.mlp_ln, dtype),
            _laid(taken(block.mlp[0], dtype)), _laid(taken(block.mlp[2], dtype)),
        )

    def remember(self, features: Tensor) -> Memory:
        """Keys and values of encoded windows: one matrix product for all layers.

        Args:
            features: (windows, frames, width).
        """
        count, frames, _ = features.shape
        joint = linear(features.to(self._dtype), self._hears)
        parts = joint.view(count, frames, len(self._layers), 2, self._heads, self._size)
        keys = [part.permute(0, 2, 3, 1).contiguous() for part in parts[:, :, :, 0].unbind(2)]
        values = [part.transpose(1, 2).contiguous() for part in parts[:, :, :, 1].unbind(2)]
        return Memory(keys, values, list(range(count)), count)

    def cache(self, rows: int, device: Any) -> Cache:
        """Room for ``rows`` texts of the longest length."""
        import torch

        shape = (rows, self._heads, self.context, self._size)
        held = [torch.empty(shape, dtype=self._dtype, device=device)
                for _ in range(2 * len(self._layers))]
        return Cache(held[::2], held[1::2])

    def __call__(
        self, tokens: Tensor, memory: Memory, cache: Cache | None = None, looks: Looks | None = None
    ) -> Tensor:
        """The next step, or the first ones.

        Args:
            tokens: (rows, steps); for each live row of ``memory`` its text, or its several texts.
                More than one step only at the beginning.
            cache: of the steps before; takes up these. None where no step follows.

        Returns:
            (rows, steps, width), for ``vocabulary.scores``.
        """
        import torch.nn.functional as F

        rows, steps = tokens.shape
        at = 0 if cache is None else cache.length
        if at and steps > 1:
            raise ValueError("several steps at once come first")
        heads, size = self._heads, self._size
        x = self.vocabulary.vectors(tokens) + self._positions[at : at + steps]
        width = x.shape[-1]
        for number, layer in enumerate(self._layers):
            joint = linear(norm(x, layer.attention_norm), layer.qkv)
            q, k, v = joint.view(rows, steps, 3, heads, size).permute(2, 0, 3, 1, 4)
            if cache is not None:
                kept_k, kept_v = cache.keys[number], cache.values[number]
                kept_k[:rows, :, at : at + steps] = k
                kept_v[:rows, :, at : at + steps] = v
                k, v = kept_k[:rows, :, : at + steps], kept_v[:rows, :, : at + steps]
            said = F.scaled_dot_product_attention(q, k, v, is_causal=steps > 1, scale=1.0)
            x = x + linear(said.transpose(1, 2).reshape(rows, steps, width), layer.out)

            query = linear(norm(x, layer.cross_norm), layer.cross_query)
            x = x + linear(self._listen(query, memory, number, looks), layer.cross_out)
            x = x + linear(F.gelu(linear(norm(x, layer.mlp_norm), layer.up)), layer.down)
        if cache is not None:
            cache.length = at + steps
        return norm(x, self._norm)

    def _listen(self, query: Tensor, memory: Memory, number: int, looks: Looks | None) -> Tensor:
        """Attention to the windows; texts of one window share its keys and values."""
        import torch

        rows, steps, width = query.shape
        heads, size = self._heads, self._size
        keys, values = memory.keys[number], memory.values[number]
        windows = memory.live
        texts = rows // windows * steps
        q = query.view(windows, texts, heads, size).transpose(1, 2).reshape(-1, texts, size)
        scores = torch.bmm(q, keys[:windows].flatten(0, 1))
        if looks is not None and number in looks.heads:
            looks.found.append(scores.view(windows, heads, texts, -1)[:, looks.heads[number]])
        heard = torch.bmm(scores.softmax(-1), values[:windows].flatten(0, 1))
        return heard.view(windows, heads, texts, size).transpose(1, 2).reshape(rows, steps, width)


def _laid(by: Linear) -> Linear:
    """The same, its matrix laid out as products with few rows want it on a CPU."""
    if by.weight.is_cuda:
        return by
    return Linear(by.weight.t().contiguous().t(), by.bias)


def _swap(held: Tensor, a: int, b: int) -> None:
    before = held[a].clone()
    held[a] = held[b]
    held[b] = before
