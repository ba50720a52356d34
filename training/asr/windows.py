"""Training windows: utterances laid one after another, with their tokens and frame labels."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from training.asr.network import tokenizer
from training.asr.shards import MEL_FLOOR

IGNORE = -100


class Labels:
    """Numbers for phonemes and toned syllables, given out as they are met, up to a limit."""

    def __init__(self, limit: int, known: dict[str, int] | None = None) -> None:
        self.limit, self.ids = limit, known if known is not None else {"": 0}

    def __call__(self, name: str) -> int:
        if name not in self.ids and len(self.ids) < self.limit:
            self.ids[name] = len(self.ids)
        return self.ids.get(name, IGNORE)


@dataclass
class Batch:
    """Tensors of one step; frames are the encoder's (50 Hz)."""

    mel: Tensor  # (n, 80, 2·frames)
    tokens: Tensor  # (n, length) what the decoder is given
    targets: Tensor  # (n, length) what it should say
    looks: Tensor  # (n, length, 2) first and last frame of each target, −1 where it has none
    phones: Tensor  # (n, frames)
    syllables: Tensor  # (n, frames)

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, f.name).to(device) for f in fields(self)))


def prepare(row: dict, phones: Labels, syllables: Labels) -> dict:
    """An utterance of a shard with frame labels and token times."""
    from pypinyin import Style, lazy_pinyin

    text, frames = row["text"], row["mel"].shape[1] // 2
    phone = torch.zeros(frames, dtype=torch.int16)
    for name, start, end in row["phones"]:
        phone[round(start * 50) : round(end * 50)] = phones(name)
    syllable = torch.zeros(frames, dtype=torch.int16)
    sounds = lazy_pinyin(text, style=Style.TONE3, errors=list)
    spans: dict[int, tuple[int, int]] = {}
    for at, start, end in row["chars"]:
        spans[at] = (round(start * 50), max(round(end * 50) - 1, round(start * 50)))
        syllable[spans[at][0] : spans[at][1] + 1] = syllables(sounds[at])
    tok = tokenizer()
    tokens = tok.encode(text)
    looks, at = [], 0
    starts, size = {}, 0
    for i, char in enumerate(text):
        starts.update({size + k: i for k in range(len(char.encode()))})
        size += len(char.encode())
    for token in tokens:
        piece = tok.encoding.decode_single_token_bytes(token)
        here = [spans[starts[at + k]] for k in range(len(piece)) if starts[at + k] in spans]
        looks.append((here[0][0], here[-1][1]) if here else (-1, -1))
        at += len(piece)
    voiced = list(spans.values())
    return {"mel": row["mel"], "tokens": tokens, "looks": looks, "phones": phone,
            "syllables": syllable, "start": voiced[0][0], "end": voiced[-1][1] + 1}


def _augment(mel: Tensor, rng: random.Random, strength: float) -> Tensor:
    """Gain, noise added in the power domain, and bands of time and frequency taken out."""
    mel = mel + rng.uniform(-0.5, 0.5)
    if rng.random() < 0.6 * strength:
        level = mel.amax() - rng.uniform(1.2, 4.0)
        tilt = torch.linspace(0, rng.uniform(-1.5, 0.5), 80)[:, None]
        noise = level + tilt + torch.randn(mel.shape) * 0.25
        mel = torch.maximum(mel, noise)  # max stands in for the log of the sum
    if rng.random() < 0.7 * strength:
        for _ in range(rng.randint(1, 2)):
            f, w = rng.randrange(72), rng.randint(2, 12)
            mel[f : f + w] = mel.mean()
        for _ in range(max(1, mel.shape[1] // 500)):
            t, w = rng.randrange(mel.shape[1]), rng.randint(5, 25)
            mel[:, t : t + w] = mel.mean()
    return mel


def _overhear(mel: Tensor, other: dict, rng: random.Random) -> None:
    """Add a voice in the background, 10 to 24 dB below: the other party, or someone in the room."""
    sound = other["mel"].float()
    start = rng.randrange(max(1, mel.shape[1] - 50))
    length = min(sound.shape[1], mel.shape[1] - start)
    level = mel.amax() - sound.amax() - rng.uniform(1.0, 2.4)
    part = mel[:, start : start + length]
    torch.maximum(part, sound[:, :length] + level, out=part)


def window(pieces: list[dict], seconds: float, timestamps: bool, rng: random.Random,
           strength: float, gap: tuple[float, float], other: dict | None = None) -> tuple | None:
    """Lay ``pieces`` into one window; fewer where they do not fit; None where none fits.

    ``other`` is spoken beside it, quieter, and is not to be written.
    """
    tok, room = tokenizer(), round(seconds * 50)
    mel = torch.full((80, 2 * room), MEL_FLOOR)
    phones, syllables = torch.zeros(room, dtype=torch.long), torch.zeros(room, dtype=torch.long)
    head = [tok.sot, tok.to_language_token("zh"), tok.transcribe]
    if not timestamps:
        head.append(tok.no_timestamps)
    tokens, looks = list(head), [(-1, -1)] * len(head)
    at, used = round(rng.uniform(0, 0.3) * 50), 0
    for piece in pieces:
        length = piece["phones"].shape[0]
        if at + length > room or len(tokens) + len(piece["tokens"]) > 440:
            break
        mel[:, 2 * at : 2 * at + 2 * length] = piece["mel"][:, : 2 * length].float()
        phones[at : at + length] = piece["phones"].long()
        syllables[at : at + length] = piece["syllables"].long()
        start, end = at + piece["start"], at + piece["end"]
        if timestamps:
            tokens.append(tok.timestamp_begin + start), looks.append((-1, -1))
        tokens += piece["tokens"]
        looks += [(a + at, b + at) if a >= 0 else (-1, -1) for a, b in piece["looks"]]
        if timestamps:
            tokens.append(tok.timestamp_begin + end), looks.append((-1, -1))
        at += length + round(rng.uniform(*gap) * 50)
        used += 1
    if not used and pieces:
        return None
    if pieces and other is not None:
        _overhear(mel, other, rng)
    if pieces:
        mel = _augment(mel, rng, strength)
    else:  # nothing is said here: noise, or nothing at all
        mel = torch.randn(mel.shape) * 0.3 * rng.random() + rng.uniform(-8, 0)
        mel += torch.linspace(0, rng.uniform(-2, 1), 80)[:, None]
    mel = (torch.maximum(mel, mel.amax() - 8) + 4) / 4
    targets = [*tokens[1:], tok.eot]
    for k in range(1, len(head) - 1):  # the product forces these
        targets[k] = IGNORE
    if not pieces:
        targets[0] = tok.no_speech
        targets[2:] = [IGNORE] * (len(targets) - 3) + [tok.eot]
    return mel, tokens, targets, [*looks[1:], (-1, -1)], phones, syllables


def collate(rows: list[tuple]) -> Batch:
    """Pad to the longest token list."""
    length = max(len(r[1]) for r in rows)
    tok = tokenizer()

    def pad(values: list, filler: object) -> list:
        return values + [filler] * (length - len(values))

    return Batch(
        torch.stack([r[0] for r in rows]),
        torch.tensor([pad(r[1], tok.eot) for r in rows]),
        torch.tensor([pad(r[2], IGNORE) for r in rows]),
        torch.tensor([pad(r[3], (-1, -1)) for r in rows]),
        torch.stack([r[4] for r in rows]),
        torch.stack([r[5] for r in rows]),
    )
