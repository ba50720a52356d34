"""Everything that can change a transcript, in one value that travels with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voiceguard.domain import Scalar
from voiceguard.transcribe.network.precision import Wanted

WordTimes = Literal["all", "none"]
#: The guards against invented text, in the order in which they look.
GUARDS = ("times", "sound", "sentences", "hints", "loops", "rate", "confidence")


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How windows become words.

    Attributes:
        language: two-letter code of Whisper's.
        word_times: ``all`` times every word by cross-attention; ``none`` times segments only.
        batch_size: windows decoded together.
        beam_size: 1 is greedy.
        temperatures: tried in turn for a window whose text looks wrong; the first should be 0.
        compression_limit: a text that compresses better than this is a loop.
        logprob_limit: a text less likely than this (mean per token) is tried again.
        no_speech_limit: at this probability of silence an unlikely text is dropped.
        hints: words given to the recogniser beforehand, empty for none.
        seed: of the sampling at temperatures above 0.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: number format; ``auto`` is the fastest that keeps the text.
    """

    language: str = "zh"
    word_times: WordTimes = "all"
    batch_size: int = 16
    beam_size: int = 1
    temperatures: tuple[float, ...] = (0.0, 0.4, 0.8)
    compression_limit: float = 2.4
    logprob_limit: float = -1.0
    no_speech_limit: float = 0.6
    hints: tuple[str, ...] = ()
    seed: int = 0
    device: str = "auto"
    precision: Wanted = "auto"

    def record(self) -> tuple[tuple[str, Scalar], ...]:
        """Sorted pairs for the report; hints only as a hash, for they may hold names."""
        import hashlib

        values: dict[str, Scalar] = {
            "batch_size": self.batch_size,
            "beam_size": self.beam_size,
            "compression_limit": self.compression_limit,
            "logprob_limit": self.logprob_limit,
            "no_speech_limit": self.no_speech_limit,
            "seed": self.seed,
            "temperatures": ",".join(f"{t:g}" for t in self.temperatures),
            "word_times": self.word_times,
        }
        if self.hints:
            joined = "\n".join(self.hints).encode()
            values["hints_sha256"] = hashlib.sha256(joined).hexdigest()
        return tuple(sorted(values.items()))


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """What is not believed of a recogniser.

    Attributes:
        active: names out of ``GUARDS``.
        silence_db: nothing can be heard below this level, dBFS.
        rate: nobody says more syllables a second than this.
        doubt_below: a stretch whose words have a lower confidence in the mean is marked.
        hints: words given to the recogniser beforehand, which it may repeat.
    """

    active: tuple[str, ...] = GUARDS
    silence_db: float = -66.0
    rate: float = 13.0
    doubt_below: float = 0.4
    hints: tuple[str, ...] = ()

    def record(self) -> tuple[tuple[str, Scalar], ...]:
        """Sorted pairs for the report."""
        return (
            ("guard_doubt_below", self.doubt_below),
            ("guard_rate", self.rate),
            ("guard_silence_db", self.silence_db),
            ("guards", ",".join(g for g in GUARDS if g in self.active) or "none"),
        )
