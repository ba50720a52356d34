"""The recogniser's two phases against what the machine can do: encoding, and a decoding step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.speed.clock import Clock, calibrate, stopwatch
from benchmarks.speed.work import Size

#: Tokens a measured text has.
_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Phases:
    """Best times of one engine, and the best of the machine in the same rounds.

    Attributes:
        encode: seconds a padded window.
        steps: rows → seconds of one step over so many windows, everything in it.
        rate: operations of a matrix product a second, in the encoder's precision.
        bandwidth: bytes read a second.
    """

    encode: float
    steps: dict[int, float]
    rate: float
    bandwidth: float

    def encoder_share(self, size: Size) -> float:
        """Of the matrix-product rate."""
        return size.encoder() / self.encode / self.rate

    def step_share(self, size: Size, rows: int = 1, width: int = 4) -> float:
        """Of the bandwidth: time to read what must be read ÷ time of the step."""
        return size.step_bytes(rows, width=width) / self.bandwidth / self.steps[rows]

    def gain(self, rows: int) -> float:
        """Tokens a second of so many windows at once ÷ of one."""
        return rows * self.steps[1] / self.steps[rows]


def phases(
    engine: Any, size: Size, count: int, clock: Clock, rows: Sequence[int] = (1, 8)
) -> Phases:
    """Measure an engine of VoiceGuard whose number of tokens is fixed by ``fix_tokens``.

    Args:
        count: rounds; the machine is measured in each.
    """
    parts = _Torch(engine, size) if hasattr(engine, "_plan") else _CTranslate(engine, size)
    machines = []
    encodes: list[float] = []
    steps: dict[int, list[float]] = {n: [] for n in rows}
    for number in range(-1, count):
        found = calibrate(clock=clock)
        encode = stopwatch(parts.encode, clock=clock)
        taken = {}
        for n in rows:
            parts.ready(n)
            taken[n] = stopwatch(parts.decode, clock=clock) / _TOKENS
        if number >= 0:  # one round to warm up
            machines.append(found)
            encodes.append(encode)
            for n, t in taken.items():
                steps[n].append(t)
    return Phases(min(encodes), {n: min(t) for n, t in steps.items()},
                  max(m.rate for m in machines), max(m.bandwidth for m in machines))


class _Torch:
    """Engine openai-whisper."""

    def __init__(self, engine: Any, size: Size) -> None:
        import torch

        from benchmarks.speed.weights import fix_tokens

        fix_tokens(engine, _TOKENS)
        self._engine = engine
        self._mel = torch.rand(1, size.bands, 3000)
        with torch.inference_mode():
            self._features = engine._encoder(self._mel)

    def encode(self) -> None:
        import torch

        with torch.inference_mode():
            self._engine._encoder(self._mel)

    def ready(self, rows: int) -> None:
        import torch

        with torch.inference_mode():
            self._memory = self._engine._decoder.remember(self._features.repeat(rows, 1, 1))

    def decode(self) -> None:
        import torch

        from voiceguard.transcribe.network.decoding import decode, likeliest

        with torch.inference_mode():
            decode(self._engine._decoder, self._engine._plan, self._memory, likeliest)


class _CTranslate:
    """Engine faster-whisper."""

    def __init__(self, engine: Any, size: Size) -> None:
        import numpy as np

        from benchmarks.speed.weights import fix_tokens

        fix_tokens(engine, _TOKENS)
        self._engine = engine
        self._mel = np.random.default_rng(0).random((1, size.bands, 3000), np.float32)
        self._rows = 1

    def _encoded(self, rows: int) -> Any:
        import ctranslate2
        import numpy as np

        mel = np.repeat(self._mel, rows, 0)
        return self._engine._model.encode(ctranslate2.StorageView.from_array(mel))

    def encode(self) -> None:
        self._encoded(1)

    def ready(self, rows: int) -> None:
        self._rows, self._features = rows, self._encoded(rows)

    def decode(self) -> None:
        self._engine._generate(self._engine._model, self._features, self._rows, 0.0)
