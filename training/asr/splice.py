"""Reading practice without sound: sentences spliced together from what the encoder made of syllables.

A step of speech teaches the decoder only some 150 characters, far too few to learn which of the
homophones a sentence wants. So the encoder's output for each syllable that goes by is kept, and
sentences of any text are put together from these pieces: the decoder reads ten times as much for
a third more computing. Where a piece lay in its window is taken out by subtracting the mean
output at that time, and the mean at its new place is added.
"""

from __future__ import annotations

import random
from collections import deque

import numpy as np
import torch
from torch import Tensor

from training.asr import text as sources
from training.asr.network import DIMS, tokenizer
from training.asr.windows import IGNORE, Labels

KEPT = 12  # pieces of each syllable
LONGEST = 6  # frames of a piece: longer ones are thinned out, to save computing
ROOM = 130  # frames of a spliced sentence


class Splicer:
    """Keeps pieces of encoder output and makes batches of sentences from them."""

    def __init__(self, syllables: Labels, open_share: float = 0.2) -> None:
        self._labels, self._open = syllables, open_share
        self._pieces: dict[int, deque[Tensor]] = {}
        self._mean = torch.zeros(DIMS.n_audio_ctx, DIMS.n_audio_state)
        self._seen = torch.zeros(DIMS.n_audio_ctx, 1)
        self._composed = sources.sentences()
        self._rng = np.random.default_rng()
        self._known: dict[str, tuple[list[int], list[tuple[int, int]], list[int]]] = {}

    def learn(self, audio: Tensor, labels: Tensor) -> None:
        """Keep the syllables of a batch: encoder output (n, frames, d), labels (n, frames)."""
        audio = audio.detach().float().cpu()
        frames = labels.shape[1]
        self._mean[:frames] = self._mean[:frames] * 0.995 + audio.mean(0) * 0.005
        self._seen[:frames] = self._seen[:frames] * 0.995 + 0.005
        free = audio - self._at(0, frames)
        for row, marks in zip(free, labels.tolist(), strict=True):
            start = 0
            for t in range(1, frames + 1):
                if t == frames or marks[t] != marks[start]:
                    if marks[start] >= 0 and t - start >= 2:
                        self._keep(marks[start], row[start:t])
                    start = t

    def _keep(self, syllable: int, piece: Tensor) -> None:
        if len(piece) > LONGEST:
            piece = piece[torch.linspace(0, len(piece) - 1, LONGEST).round().long()]
        self._pieces.setdefault(syllable, deque(maxlen=KEPT)).append(piece.clone())

    def _at(self, start: int, end: int) -> Tensor:
        return self._mean[start:end] / self._seen[start:end].clamp(min=1e-6)

    @property
    def ready(self) -> bool:
        """Whether most syllables have been heard."""
        return len(self._pieces) > 400

    def _parts(self, sentence: str) -> tuple[list[int], list[tuple[int, int]], list[int]]:
        """``(tokens, characters of each token, syllable of each character)``; 0 is a pause."""
        known = self._known.get(sentence)
        if known:
            return known
        from pypinyin import Style, lazy_pinyin

        sounds = lazy_pinyin(sentence, style=Style.TONE3, errors=list)
        ids = [0 if c in "，。？" else self._labels(s) for c, s in zip(sentence, sounds, strict=True)]
        tok = tokenizer()
        tokens, owner = tok.encode(sentence), []
        byte_of = [i for i, c in enumerate(sentence) for _ in c.encode()]
        at = 0
        for token in tokens:
            size = len(tok.encoding.decode_single_token_bytes(token))
            owner.append((byte_of[at], byte_of[at + size - 1]))
            at += size
        self._known[sentence] = (tokens, owner, ids)
        return self._known[sentence]

    def batch(self, count: int, rng: random.Random) -> tuple[Tensor, ...]:
        """``(audio (n, frames, d), tokens, targets, looks)`` as in ``windows.Batch``."""
        tok = tokenizer()
        head = [tok.sot, tok.to_language_token("zh"), tok.transcribe, tok.no_timestamps]
        rows = []
        while len(rows) < count:
            sentence = sources.utterance(self._rng, self._composed, self._open)
            tokens, owner, ids = self._parts(sentence)
            if any(i not in self._pieces for i in ids if i > 0) or min(ids) < 0:
                continue
            spliced = self._splice(ids, rng)
            if spliced:
                rows.append((*spliced, tokens, owner))
        frames = max(len(r[0]) for r in rows)
        length = max(len(r[2]) for r in rows) + len(head)
        audio = torch.zeros(count, frames, DIMS.n_audio_state)
        given = torch.full((count, length), tok.eot)
        targets, looks = torch.full((count, length), IGNORE), torch.full((count, length, 2), -1)
        silence = self._pieces[0]
        for i, (sound, places, tokens, owner) in enumerate(rows):
            audio[i, : len(sound)] = sound
            rest = frames - len(sound)
            if rest and silence:
                quiet = rng.choice(silence)
                audio[i, len(sound) :] = quiet[torch.randint(len(quiet), (rest,))]
            full = [*head, *tokens]
            given[i, : len(full)] = torch.tensor(full)
            targets[i, len(head) - 1 : len(full)] = torch.tensor([*tokens, tok.eot])
            for k, (a, b) in enumerate(owner):
                if places[a] and places[b]:
                    looks[i, len(head) - 1 + k] = torch.tensor([places[a][0], places[b][1]])
        audio += self._at(0, frames) + torch.randn(audio.shape) * 0.1
        return audio, given, targets, looks

    def _splice(self, ids: list[int], rng: random.Random) -> tuple[Tensor, list] | None:
        """Frames of a sentence and ``(first, last)`` of each character, None for a pause."""
        parts: list[Tensor] = []
        places: list[tuple[int, int] | None] = []
        at = 0

        def put(piece: Tensor) -> None:
            nonlocal at
            parts.append(piece)
            at += len(piece)

        if self._pieces.get(0) and rng.random() < 0.7:
            put(rng.choice(self._pieces[0]))
        for id_ in ids:
            if id_ == 0:
                places.append(None)
                if self._pieces.get(0) and at:
                    put(rng.choice(self._pieces[0]))
                continue
            piece = rng.choice(self._pieces[id_])
            places.append((at, at + len(piece) - 1))
            put(piece)
        if at > ROOM:
            return None
        return torch.cat(parts), places
