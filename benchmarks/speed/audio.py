"""Stereo calls of a known share of speech, made of the sample calls' turns; the same every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"
SHARE = 0.45
#: Lengths of the calls, s.
LENGTHS = (90, 60, 30)
_LINE_DB = -62.0
_FADE = RATE // 100
_TRIES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A turn of a sample call: float32 mono at 16 kHz, and its true text."""

    samples: NDArray[np.float32]
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A call that was laid out.

    Attributes:
        samples: (2, n) float32 at 16 kHz.
        texts: true text of each channel, in the order spoken.
        speech: seconds of speech of each channel.
    """

    samples: NDArray[np.float32]
    texts: tuple[str, str]
    speech: tuple[float, float]

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / RATE


def sample_clips(folder: Path = SAMPLES) -> list[Clip]:
    """Every turn of the two-channel sample calls that no other turn of its channel overlaps."""
    from voiceguard.audio import AudioOptions, Reading

    out = []
    for path in sorted((folder / "calls").iterdir()):
        turns = json.loads((folder / "truth" / f"{path.stem}.json").read_text("utf-8"))["turns"]
        if len({t["channel"] for t in turns}) < 2:
            continue
        blocks = Reading(str(path), AudioOptions()).blocks()
        sound = np.concatenate([block.samples for block in blocks], axis=1)
        for turn in turns:
            beside = [t for t in turns if t is not turn and t["channel"] == turn["channel"]
                      and t["start"] < turn["end"] and turn["start"] < t["end"]]
            if not beside:
                a, b = (round(turn[key] * RATE) for key in ("start", "end"))
                out.append(Clip(sound[turn["channel"], a:b].copy(), turn["text"]))
    return out


def lay_out(
    clips: Sequence[Clip], seconds: float, rng: np.random.Generator, share: float = SHARE
) -> tuple[Laid, list[Clip]]:
    """A stereo call in which each channel speaks for ``share`` of the time; the clips left over."""
    rest = list(clips)
    length = round(seconds * RATE)
    sound = rng.normal(0, 10 ** (_LINE_DB / 20), (2, length)).astype(np.float32)
    texts, speech = [], []
    for channel in range(2):
        chosen = _fill(rest, round(share * length), rng)
        rest = [c for c in rest if not any(c is used for used in chosen)]
        said = sum(len(c.samples) for c in chosen)
        parts = rng.dirichlet(np.ones(len(chosen) + 1)) * (length - said)
        at = 0.0
        for clip, gap in zip(chosen, parts, strict=False):
            at += gap
            start = int(at)
            sound[channel, start : start + len(clip.samples)] += _faded(clip.samples)
            at += len(clip.samples)
        texts.append("".join(c.text for c in chosen))
        speech.append(said / RATE)
    return Laid(sound, (texts[0], texts[1]), (speech[0], speech[1])), rest


def calls(lengths: Sequence[float] = LENGTHS, seed: int = 0) -> list[Laid]:
    """The benchmark's calls."""
    rng, rest, out = np.random.default_rng(seed), sample_clips(), []
    for seconds in lengths:
        laid, rest = lay_out(rest, seconds, rng)
        out.append(laid)
    return out


def write(laid: Laid, path: Path) -> None:
    """As the telephone network carries it: 8 kHz µ-law."""
    import soundfile
    import soxr

    narrow = soxr.resample(laid.samples.T, RATE, 8000)
    soundfile.write(path, np.clip(narrow, -1, 1), 8000, subtype="ULAW")


def read(path: Path) -> NDArray[np.float32]:
    """A recording as VoiceGuard hears it, (channels, n) at 16 kHz."""
    from voiceguard.audio import AudioOptions, Reading

    blocks = Reading(str(path), AudioOptions()).blocks()
    return np.concatenate([block.samples for block in blocks], axis=1)


def _fill(clips: Sequence[Clip], samples: int, rng: np.random.Generator) -> list[Clip]:
    """Clips that come as near to ``samples`` as a few hundred draws find, never above it."""
    best: list[Clip] = []
    most = -1
    for _ in range(_TRIES):
        chosen, room = [], samples
        for i in rng.permutation(len(clips)):
            if len(clips[i].samples) <= room:
                chosen.append(clips[i])
                room -= len(clips[i].samples)
        if samples - room > most:
            best, most = chosen, samples - room
    return best


def _faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    out = samples.copy()
    ramp = np.linspace(0, 1, min(_FADE, len(out)), dtype=np.float32)
    out[: len(ramp)] *= ramp
    out[len(out) - len(ramp) :] *= ramp[::-1]
    return out
