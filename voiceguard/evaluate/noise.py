"""What a recogniser would have made of a text: simulated errors, seeded.

Of the errors 80 % are other characters of the same sound or of one that telephones confuse with it,
13 % are characters dropped, 7 % characters doubled.
"""

from __future__ import annotations

import functools
import random
from dataclasses import replace

from voiceguard.domain import Transcript
from voiceguard.text import fold, sounds

SUBSTITUTED, DROPPED = 0.80, 0.13  # the rest is doubled
_SAME_SOUND = 0.7  # of the substitutions; the others are of a confusable sound


def garble(text: str, rate: float, rng: random.Random) -> str:
    """``text`` with every Chinese character wrong with chance ``rate``; all else stays."""
    return "".join(_wrong(c, rng) if rng.random() < rate and c in _sound_of() else c for c in text)


def garbled(transcript: Transcript, rate: float, seed: int) -> Transcript:
    """The same call, misheard: its turns keep their number and times, not their words."""
    rng = random.Random(f"{transcript.id}|{seed}|{rate}")
    turns = tuple(replace(t, text=garble(t.text, rate, rng), words=()) for t in transcript.turns)
    return replace(transcript, turns=turns)


def _wrong(char: str, rng: random.Random) -> str:
    draw = rng.random()
    if draw >= SUBSTITUTED:
        return "" if draw < SUBSTITUTED + DROPPED else char * 2
    sound = _sound_of()[char]
    same, alike = _groups()
    others = (same[sound] if rng.random() < _SAME_SOUND else alike[fold(sound)]) - {char}
    return rng.choice(sorted(others or alike[fold(sound)] - {char} or {char}))


@functools.cache
def _sound_of() -> dict[str, str]:
    """Toneless pinyin of the 3,755 commonest characters: the first level of GB 2312."""
    level = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    chars = [c for pair in level if (c := pair.decode("gb2312", "ignore"))]
    return {c: sounds(c).pinyin[0].rstrip("12345") for c in chars}


@functools.cache
def _groups() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Characters by their sound, and by the class of sounds that telephones confuse."""
    same: dict[str, set[str]] = {}
    alike: dict[str, set[str]] = {}
    for char, sound in _sound_of().items():
        same.setdefault(sound, set()).add(char)
        alike.setdefault(fold(sound), set()).add(char)
    return same, alike
