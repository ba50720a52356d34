"""Beam search for a batch of windows: ``whisper.decoding.BeamSearchDecoder``, window by window the
same, but all windows in one step; the beams of a window share its keys and values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voiceguard.transcribe.network.decoder import Decoder, Memory
from voiceguard.transcribe.network.decoding import Decoded, Plan, silences

if TYPE_CHECKING:
    from torch import Tensor

Text = tuple[int, ...]


@dataclass(slots=True)
class _Search:
    """The beams of one window.

    Attributes:
        texts: of the live beams, with the logarithm of their probability.
        ended: texts with their end, as found; as many as there are beams are enough.
    """

    window: int
    texts: list[tuple[Text, float]]
    ended: dict[Text, float] = field(default_factory=dict)

    def grow(self, best: list[list[tuple[float, int]]], eot: int) -> list[int]:
        """Take the best continuations; which beam each new one goes on from.

        Args:
            best: the likeliest tokens of each beam with their logarithmic probability, one more
                than there are beams.
        """
        size = len(self.texts)
        scores: dict[Text, float] = {}
        sources: dict[Text, int] = {}
        for beam, ((text, logprob), options) in enumerate(zip(self.texts, best, strict=True)):
            for more, token in options:
                scores[(*text, token)] = logprob + more
                sources[(*text, token)] = beam
        self.texts = []
        came: list[int] = []
        for text in sorted(scores, key=lambda t: scores[t], reverse=True):
            if text[-1] == eot:
                if len(self.ended) < size:
                    self.ended[text] = scores[text]
                continue
            self.texts.append((text, scores[text]))
            came.append(sources[text])
            if len(came) == size:
                break
        return came

    def result(self, eot: int, no_speech: float) -> Decoded:
        """The likeliest text by token; beams that found no end fill up."""
        size = len(self.texts)
        for text, logprob in sorted(self.texts, key=lambda t: t[1], reverse=True):
            if len(self.ended) >= size:
                break
            self.ended[(*text, eot)] = logprob
        texts = {text[: text.index(eot)]: logprob for text, logprob in self.ended.items()}
        best = max(texts, key=lambda t: texts[t] / len(t))
        return Decoded(best, texts[best], no_speech)


def search(decoder: Decoder, plan: Plan, memory: Memory, beams: int) -> list[Decoded]:
    """The best text of each window, in the order of the windows. Rows of ``memory`` change places.

    Args:
        beams: texts followed at once, at least 2.
    """
    import torch

    rules, device = plan.rules, memory.keys[0].device
    count = memory.live = len(memory.order)
    searches = [_Search(window, [((), 0.0)] * beams) for window in memory.order]
    cache = decoder.cache(count * beams, device)
    prompt = torch.tensor([plan.prompt] * (count * beams), device=device)
    hidden = decoder(prompt, memory, cache)
    silence = dict(zip(memory.order, silences(decoder, plan, hidden[::beams]), strict=True))
    done: dict[int, Decoded] = {}
    for step in range(plan.limit):
        scores = decoder.vocabulary.scores(hidden[:, -1])
        said = [text for s in searches for text, _ in s.texts]
        given = torch.tensor(said, dtype=torch.long, device=device)
        rules.apply(scores, given.view(len(said), step))
        options = _best(scores, beams + 1)
        came = [s.grow(options[row * beams : (row + 1) * beams], rules.eot)
                for row, s in enumerate(searches)]
        rows = [row * beams + beam for row, found in enumerate(came) for beam in found]
        if rows != list(range(len(rows))):
            cache.follow(torch.tensor(rows, device=device))
        for row in reversed([r for r, s in enumerate(searches) if len(s.ended) >= beams]):
            last = memory.live - 1
            s = searches[row]
            done[s.window] = s.result(rules.eot, silence[s.window])
            memory.swap(row, last)
            cache.swap(row, last, beams)
            searches[row] = searches[last]
            searches.pop()
            memory.live = last
        if not memory.live or step + 1 == plan.limit:
            break
        latest = [[text[-1]] for s in searches for text, _ in s.texts]
        hidden = decoder(torch.tensor(latest, device=device), memory, cache)
    for s in searches:
        done[s.window] = s.result(rules.eot, silence[s.window])
    memory.live = count
    return [done[window] for window in range(count)]


def _best(scores: Tensor, count: int) -> list[list[tuple[float, int]]]:
    """The likeliest tokens of each row, with the logarithm of their probability."""
    values, tokens = scores.topk(count, dim=1)
    values = values - scores.logsumexp(1, keepdim=True)
    return [list(zip(v, t, strict=True))
            for v, t in zip(values.tolist(), tokens.tolist(), strict=True)]
