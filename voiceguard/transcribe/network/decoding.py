"""Texts of a batch of windows, the likeliest token at a time or drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voiceguard.transcribe.network.decoder import Decoder, Memory
from voiceguard.transcribe.network.rules import Rules

if TYPE_CHECKING:
    from torch import Tensor

#: ``(scores, windows, logs) → tokens``: chooses the next token of each row; ``windows`` says which
#: window a row is of.
Choose = Callable[["Tensor", Sequence[int]], "Tensor"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for every window.

    Attributes:
        prompt: tokens that the decoder is given.
        sot: place in ``prompt`` of the start of the transcript, where silence is judged.
        no_speech: the token for silence.
        limit: tokens at most.
        rules: of what may come next.
    """

    prompt: tuple[int, ...]
    sot: int
    no_speech: int
    limit: int
    rules: Rules

    @classmethod
    def of(cls, model: Any, options: Any) -> Plan:
        """What ``whisper.decoding`` makes of its ``DecodingOptions`` for a model."""
        from whisper.decoding import ApplyTimestampRules, DecodingTask

        task = DecodingTask(model, options)
        (stamps,) = (f for f in task.logit_filters if isinstance(f, ApplyTimestampRules))
        rules = Rules.of(task.tokenizer, task._get_suppress_tokens(),
                         stamps.max_initial_timestamp_index, model.device)
        context = model.dims.n_text_ctx
        limit = min(task.sample_len, context + 1 - len(task.initial_tokens))
        return cls(tuple(task.initial_tokens), task.sot_index, task.tokenizer.no_speech, limit,
                   rules)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a window.

    Attributes:
        tokens: with timestamps, without the end.
        logprob: of the tokens and the end, together.
        no_speech: probability of silence.
    """

    tokens: tuple[int, ...]
    logprob: float
    no_speech: float

    @property
    def mean_logprob(self) -> float:
        return self.logprob / (len(self.tokens) + 1)


def decode(decoder: Decoder, plan: Plan, memory: Memory, choose: Choose) -> list[Decoded]:
    """One text a window, in the order of the windows. Rows of ``memory`` change places."""
    import torch

    rules, device = plan.rules, memory.keys[0].device
    count = memory.live = len(memory.order)
    cache = decoder.cache(count, device)
    said = torch.zeros(count, plan.limit, dtype=torch.long, device=device)
    sums = torch.zeros(count, device=device)
    hidden = decoder(torch.tensor([plan.prompt] * count, device=device), memory, cache)
    silence = dict(zip(memory.order, silences(decoder, plan, hidden), strict=True))
    done: dict[int, Decoded] = {}
    for step in range(plan.limit):
        scores = decoder.vocabulary.scores(hidden[:, -1])
        live = memory.live
        rules.apply(scores, said[:live, :step])
        tokens = choose(scores, memory.order)
        said[:live, step] = tokens
        sums[:live] += logprobs(scores, tokens)
        ended = [row for row, token in enumerate(tokens.tolist()) if token == rules.eot]
        for row in reversed(ended):
            window, last = memory.order[row], memory.live - 1
            done[window] = Decoded(tuple(said[row, :step].tolist()), sums[row].item(),
                                   silence[window])
            memory.swap(row, last)
            cache.swap(row, last)
            said[row], sums[row] = said[last], sums[last].clone()
            memory.live = last
        if not memory.live or step + 1 == plan.limit:
            break
        hidden = decoder(said[: memory.live, step : step + 1], memory, cache)
    for row in range(memory.live):
        window = memory.order[row]
        done[window] = Decoded(tuple(said[row].tolist()), sums[row].item(), silence[window])
    memory.live = count
    return [done[window] for window in range(count)]


def silences(decoder: Decoder, plan: Plan, hidden: Tensor) -> list[float]:
    """Probability that nobody speaks, from the decoder's output for the prompt."""
    import torch

    scores = decoder.vocabulary.scores(hidden[:, plan.sot])
    return torch.exp(scores[:, plan.no_speech] - scores.logsumexp(1)).tolist()


def logprobs(scores: Tensor, tokens: Tensor) -> Tensor:
    """Logarithm of the probability of one token in each row."""
    return scores.gather(1, tokens[:, None])[:, 0] - scores.logsumexp(1)


def likeliest(scores: Tensor, windows: Sequence[int]) -> Tensor:
    """The token with the best score."""
    import torch

    if scores.is_cuda:
        return scores.argmax(1)
    return torch.from_numpy(scores.numpy().argmax(1))  # twenty times faster than torch's


def drawn(temperature: float, seeds: Sequence[int]) -> Choose:
    """Tokens drawn by their probability at a temperature.

    Args:
        seeds: of each window: what it draws does not depend on the windows beside it.
    """
    import torch

    dice = [random.Random(seed) for seed in seeds]

    def choose(scores: Tensor, windows: Sequence[int]) -> Tensor:
        heaped = (scores / temperature).softmax(1).double().cumsum(1)
        throws = [dice[window].random() for window in windows[: len(scores)]]
        marks = torch.tensor(throws, dtype=torch.double, device=scores.device)[:, None]
        # Rounding may leave the sum off 1, and a token that may not come adds nothing to it.
        return torch.searchsorted(heaped, marks * heaped[:, -1:], right=True)[:, 0]

    return choose
