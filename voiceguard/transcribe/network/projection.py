"""From the decoder's last layer to a score for every token of the vocabulary.

For a small model this matrix is most of the decoder, and a CPU's general matrix product is at its
worst with it: few rows, fifty thousand columns. oneDNN's own layout of the matrix is twice as fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Rows that oneDNN lays the matrix out for; any number may be given then.
_ROWS = 16


class Vocabulary:
    """Tokens to vectors and vectors to scores.

    Args:
        embedding: (tokens, width).
        dtype: of the vectors.
    """

    def __init__(self, embedding: Tensor, dtype: torch.dtype) -> None:
        import torch

        self._packed = None
        self._columns = embedding.detach().to(dtype).t()
        if embedding.is_cuda:
            return
        self._columns = self._columns.contiguous()  # the fast layout for one row
        if dtype == torch.float32 and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call, unused-ignore]
            pack = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
            if pack is not None and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
                self._packed = pack(embedding.detach().float(), _ROWS)

    def vectors(self, tokens: Tensor) -> Tensor:
        """(rows, steps) of tokens → (rows, steps, width)."""
        found = self._columns.index_select(1, tokens.flatten())
        return found.t().reshape(*tokens.shape, -1)

    def scores(self, x: Tensor) -> Tensor:
        """(rows, width) → (rows, tokens) in float32, free to be written to."""
        import torch

        if self._packed is not None and len(x) > 1:
            out: Tensor = torch.ops.mkldnn._linear_pointwise(
                x.contiguous(), self._packed, None, "none", [], ""
            )
            return out
        return (x @ self._columns).float()
