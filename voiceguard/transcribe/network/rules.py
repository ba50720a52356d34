"""Which token may come next: Whisper's logit filters, for all rows of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rules:
    """``SuppressTokens``, ``SuppressBlank`` and ``ApplyTimestampRules`` of ``whisper.decoding``.

    Blanks need no rule here: a text begins with a timestamp.

    Attributes:
        never: tokens that are no text.
        stamps: the first timestamp token; all after it are timestamps.
        eot: the first token that is no text; ends a text.
        latest_first: how many timestamp tokens the first one may be above ``stamps``; None for any.
    """

    never: Tensor
    stamps: int
    eot: int
    latest_first: int | None

    @classmethod
    def of(
        cls, tokenizer: Any, suppressed: Sequence[int], latest_first: int | None, device: Any
    ) -> Rules:
        """The rules of a tokenizer of Whisper's."""
        import torch

        never = torch.tensor(sorted({*suppressed, tokenizer.no_timestamps}), device=device)
        return cls(never, tokenizer.timestamp_begin, tokenizer.eot, latest_first)

    def apply(self, scores: Tensor, said: Tensor) -> None:
        """Set the score of what may not come next to -inf.

        Args:
            scores: (rows, tokens), changed in place.
            said: (rows, steps), the tokens chosen so far.
        """
        import torch

        scores.index_fill_(1, self.never, -torch.inf)
        text, stamps = scores[:, : self.stamps], scores[:, self.stamps :]
        steps = said.shape[1]
        if not steps:
            text.fill_(-torch.inf)
            if self.latest_first is not None:
                stamps[:, self.latest_first + 1 :] = -torch.inf
            return
        stamped = said >= self.stamps
        last = stamped[:, -1]
        pair = last & stamped[:, -2] if steps > 1 else last
        # Time goes on: from the latest timestamp, which only the one beginning a segment repeats.
        count = torch.arange(1, steps + 1, device=said.device)
        place = (stamped * count).amax(1, keepdim=True)
        latest = said.gather(1, (place - 1).clamp_(min=0)) - self.stamps
        opening = last & ~pair
        first = torch.where(place > 0, latest + 1 - opening.long()[:, None], 0)
        first[pair] = stamps.shape[1]
        here = torch.arange(stamps.shape[1], device=said.device)
        stamps.masked_fill_(here < first, -torch.inf)
        for row in opening.nonzero().flatten().tolist():
            scores[row, : self.eot] = -torch.inf
        # All timestamps together against the best text.
        likelier = stamps.logsumexp(1) > text.amax(1)
        for row in likelier.nonzero().flatten().tolist():
            text[row] = -torch.inf
