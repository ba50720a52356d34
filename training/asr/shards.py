"""Synthesise the corpus, shard by shard: ``python -m training.asr.shards OUT --hours 60``.

A shard is about a quarter of an hour: a list of utterances, each a log-mel spectrogram (float16,
80 × frames at 100 Hz, *before* Whisper's max−8 floor, which depends on the window it will lie in),
its text, and the times of its characters and phonemes. Shards are written whole or not at all, and
a run goes on where the last one stopped.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch

from training.asr import text as sources
from training.asr.line import telephone
from training.asr.speak import HELD_OUT, TRAINING, Speaker

SECONDS = 900
MEL_FLOOR = -10.0


def log_mel(samples: np.ndarray) -> torch.Tensor:
    """log10 mel spectrogram (80, frames) as in Whisper, without its dynamic floor and scaling."""
    from whisper.audio import HOP_LENGTH, N_FFT, mel_filters

    wave = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))
    stft = torch.stft(wave, N_FFT, HOP_LENGTH, window=torch.hann_window(N_FFT), return_complex=True)
    power = stft[..., :-1].abs() ** 2
    return (mel_filters("cpu", 80) @ power).clamp(min=1e-10).log10()


def make(seed: int, held_out: bool, open_share: float, seconds: float) -> list[dict]:
    """Utterances of ``seconds`` in all, seeded."""
    rng = np.random.default_rng(seed)
    speaker, composed = Speaker(), sources.sentences()
    variants = HELD_OUT if held_out else TRAINING
    out, total = [], 0.0
    while total < seconds:
        line = sources.utterance(rng, composed, open_share)
        language = "cmn" if rng.random() < 0.5 else "cmn-latn-pinyin"
        variant = variants[rng.integers(len(variants))]
        speech = speaker.say(
            line, f"{language}+{variant}", speed=int(rng.integers(140, 231)),
            pitch=int(rng.integers(25, 76)), inflection=int(rng.integers(30, 71)),
        )
        length = len(speech.samples) / speech.rate
        if not speech.chars or length > 24:
            continue
        mel = log_mel(telephone(speech.samples, speech.rate, rng))
        out.append({"mel": mel.half(), "text": line, "chars": speech.chars,
                    "phones": speech.phones, "voice": f"{language}+{variant}"})
        total += length
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=60)
    parser.add_argument("--first", type=int, default=0, help="number of the first shard")
    parser.add_argument("--open-share", type=float, default=0.25)
    parser.add_argument("--held-out", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for n in range(args.first, args.first + round(args.hours * 3600 / SECONDS)):
        path = args.out / f"{n:05d}.pt"
        if path.exists():
            continue
        rows = make(n + (10**6 if args.held_out else 0), args.held_out, args.open_share, SECONDS)
        torch.save(rows, path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)
        print(path, len(rows), flush=True)


if __name__ == "__main__":
    main()
