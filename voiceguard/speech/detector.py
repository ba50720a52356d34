"""Speech spans of one channel, found as its samples come.

The Silero VAD gives a probability of speech for every 32 ms; two thresholds with hysteresis and
three durations make spans of it, as in the model's own ``get_speech_timestamps``, but over a
stream, so that a recording of any length is never held whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceguard.domain import RATE, Event, Span
from voiceguard.speech.silero import FRAME, Silero

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_MS = 1000 * FRAME // RATE


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """Where speech begins and ends.

    Attributes:
        threshold: probability at which speech begins; it ends 0.15 below.
        min_speech: shorter sounds are dropped, ms.
        min_silence: a pause of this length ends a span, ms.
        pad: added on both sides, ms; never into a neighbouring span.
        longest: longer spans are cut where speech is least likely, ms.
    """

    threshold: float = 0.5
    min_speech: int = 120
    min_silence: int = 450
    pad: int = 160
    longest: int = 26_000


@dataclass(frozen=True, slots=True)
class Speech:
    """A span of speech with its sound.

    Attributes:
        span: within the recording.
        samples: float32 mono at 16 kHz, exactly as long as the span (to a sample).
        level_db: RMS in dBFS.
    """

    span: Span
    samples: NDArray[np.float32]
    level_db: float


class SpeechDetector(Protocol):
    """Turns one channel's samples into speech, in order and without overlap."""

    @property
    def sounds(self) -> Sequence[Event]:
        """Tones and music, in order, without a channel; complete after ``finish``."""

    @property
    def settled(self) -> int:
        """Speech that is still to come begins here or later, ms."""

    def feed(self, samples: NDArray[np.float32]) -> list[Speech]:
        """Speech completed by the next samples (float32, mono, 16 kHz)."""

    def finish(self) -> list[Speech]:
        """Speech that was still open at the end."""


class SileroDetector:
    """The Silero VAD over one channel (its package carries the model: no download)."""

    sounds: Sequence[Event] = ()  # it tells speech from the rest, not what the rest is

    def __init__(self, options: SpeechOptions | None = None) -> None:
        self._options = options or SpeechOptions()
        self._model = Silero()
        self._spans = Hysteresis(self._options)
        self._tail = np.zeros(0, np.float32)  # samples short of a frame
        self._kept = np.zeros(0, np.float32)  # samples a coming span may still need
        self._kept_from = 0  # in samples

    @property
    def settled(self) -> int:
        return self._spans.needed_from

    @property
    def open_from(self) -> int | None:
        """Where the span begins that is still going on, ms; None where there is none."""
        return self._spans.open_from

    def feed(self, samples: NDArray[np.float32]) -> list[Speech]:
        self._kept = np.concatenate([self._kept, samples])
        tail = np.concatenate([self._tail, samples])
        frames = len(tail) // FRAME
        self._tail = tail[frames * FRAME :]
        spans = [
            span
            for p in self._model.probabilities(tail[: frames * FRAME])
            for span in self._spans.feed(float(p))
        ]
        return self._cut(spans)

    def finish(self) -> list[Speech]:
        end_ms = (self._kept_from + len(self._kept)) * 1000 // RATE
        return self._cut(self._spans.finish(end_ms))

    def _cut(self, spans: list[Span]) -> list[Speech]:
        out = []
        for span in spans:
            a = span.start * RATE // 1000 - self._kept_from
            b = span.end * RATE // 1000 - self._kept_from
            samples = self._kept[max(a, 0) : b].copy()
            out.append(Speech(span, samples, level_of(samples)))
        drop = self._spans.needed_from * RATE // 1000 - self._kept_from
        if drop > 0:
            self._kept, self._kept_from = self._kept[drop:], self._kept_from + drop
        return out


def level_of(samples: NDArray[np.float32]) -> float:
    """RMS in dBFS."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return round(10 * float(np.log10(power + 1e-12)), 1)


class Hysteresis:
    """Probabilities of speech, a frame at a time → spans in ms."""

    def __init__(self, options: SpeechOptions) -> None:
        self._o = options
        self._frame = 0
        self._start: int | None = None
        self._quiet_from: int | None = None
        self._last_end = 0
        self._open: list[float] = []  # probabilities since the span began

    @property
    def open_from(self) -> int | None:
        """Where the open span begins, ms, before it is padded; None where none is open."""
        return self._start

    @property
    def needed_from(self) -> int:
        """Sound before this time (ms) will not be asked for again."""
        now = self._frame * FRAME_MS
        start = now if self._start is None else self._start
        return max(self._last_end, start - self._o.pad - FRAME_MS, 0)

    def feed(self, probability: float) -> list[Span]:
        """Spans that this frame completes."""
        now = self._frame * FRAME_MS
        self._frame += 1
        if self._start is None:
            if probability >= self._o.threshold:
                self._start, self._quiet_from, self._open = now, None, [probability]
            return []
        self._open.append(probability)
        if probability >= self._o.threshold:
            self._quiet_from = None
        elif probability < self._o.threshold - 0.15 and self._quiet_from is None:
            self._quiet_from = now
        passed = now + FRAME_MS
        if self._quiet_from is not None and passed - self._quiet_from >= self._o.min_silence:
            return self._close(self._quiet_from)
        if passed - self._start >= self._o.longest:
            return self._cut_longest()
        return []

    def finish(self, end: int) -> list[Span]:
        """The span that is open at the end of the recording (ms), if any."""
        if self._start is None:
            return []
        return self._close(end if self._quiet_from is None else self._quiet_from, end)

    def _close(self, end: int, limit: int | None = None) -> list[Span]:
        assert self._start is not None
        start, self._start, self._quiet_from = self._start, None, None
        if end - start < self._o.min_speech:
            return []
        padded = end + self._o.pad
        if limit is not None:
            padded = min(padded, limit)
        span = Span(max(start - self._o.pad, self._last_end), max(padded, start))
        self._last_end = span.end
        return [span]

    def _cut_longest(self) -> list[Span]:
        """End a span that is too long where speech is least likely in its second half."""
        assert self._start is not None
        half = len(self._open) // 2
        at = half + int(np.argmin(self._open[half:]))
        start, cut = self._start, self._start + at * FRAME_MS
        span = Span(max(start - self._o.pad, self._last_end), cut)
        self._last_end, self._start, self._open = cut, cut, self._open[at:]
        return [span]
