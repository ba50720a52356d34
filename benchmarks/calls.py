"""Synthetic telephone calls in which the time of every character is known.

espeak-ng says when it speaks each character (``training.asr.speak``); two of its voices take turns
on a channel each, with pauses, now and then over each other, through the training's telephone line
(``training.asr.line``). Voices are those that no model here was trained on; the sentences
(``sentences.txt``) stand in no training text and in no sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.asr.line import LINE_RATE, MODEL_RATE, telephone
from training.asr.speak import HELD_OUT, LANGUAGES, Speaker

SENTENCES = Path(__file__).parent / "sentences.txt"
#: Two sets of calls that share neither voices nor sentences: what is fitted on one is measured on
#: the other.
HALVES = ("fit", "test")
_TURNS = 14
#: Share of turns that begin before the other party has ended.
_EARLY = 0.15


@dataclass(frozen=True, slots=True)
class Said:
    """A character and when it was said, ms of the recording."""

    char: str
    channel: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TimedCall:
    """A recording and the characters of each channel in order."""

    id: str
    path: Path
    seconds: float
    said: tuple[Said, ...]

    def channel(self, number: int) -> list[Said]:
        """What one party said."""
        return [s for s in self.said if s.channel == number]


def make_calls(folder: Path, half: str, count: int, seed: int = 1) -> list[TimedCall]:
    """Write ``count`` calls of one half into ``folder`` as stereo A-law at 8 kHz.

    Raises:
        OSError: libespeak-ng is not installed.
    """
    at = HALVES.index(half)
    sentences = SENTENCES.read_text("utf-8").split()[at::2]
    speaker = Speaker()
    rng = np.random.default_rng([seed, at])
    return [_call(folder / f"{half}-{n:02}.wav", sentences, HELD_OUT[at::2], speaker, rng)
            for n in range(count)]


def _call(
    path: Path, sentences: Sequence[str], voices: Sequence[str], speaker: Speaker,
    rng: np.random.Generator,
) -> TimedCall:
    parties = [
        {"voice": f"{LANGUAGES[rng.integers(2)]}+{voice}", "speed": int(rng.integers(150, 215)),
         "pitch": int(rng.integers(30, 70))}
        for voice in rng.choice(voices, 2, replace=False)
    ]
    clips: list[tuple[int, int, NDArray[np.float32]]] = []
    said: list[Said] = []
    at = 0.8  # s
    for turn in range(_TURNS):
        channel = turn % 2
        text = "".join(rng.choice(sentences, rng.integers(1, 4), replace=False))
        speech = speaker.say(text, **parties[channel])
        start = max(0.0, at - 0.8) if rng.random() < _EARLY else at
        said += [Said(text[p], channel, round((start + a) * 1000), round((start + b) * 1000))
                 for p, a, b in speech.chars]
        clips.append((channel, round(start * speech.rate), speech.samples))
        at = max(at, start + len(speech.samples) / speech.rate) + float(rng.uniform(0.2, 1.6))
    sound = np.zeros((2, round((at + 0.5) * speaker.rate)), np.float32)
    for channel, first, samples in clips:
        sound[channel, first : first + len(samples)] += samples
    line = np.stack([
        soxr.resample(telephone(one, speaker.rate, rng), MODEL_RATE, LINE_RATE) for one in sound
    ], axis=1)
    soundfile.write(path, np.clip(line, -1, 1), LINE_RATE, subtype="ALAW")
    said.sort(key=lambda s: s.start)
    return TimedCall(path.stem, path, len(line) / LINE_RATE, tuple(said))
