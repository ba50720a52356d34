"""Hold music: held notes that change, and nothing else to hear.

A detector of speech takes the first notes of an instrument for a voice now and then, for less than
a second. Such a span is music where its sound lies in held partials (see ``partials``), where the
seconds around it are music of that level too, and where what is *not* held is no louder within
than around: a word spoken over music brings just that. Where talk goes on for longer, nothing is
taken away. A hum or a steady tone is held as well, but does not change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceguard.domain import Span
from voiceguard.speech.partials import GROUP, HOP_MS, Frames

#: What is looked at before and after a span, ms.
AROUND_MS = 3_000
_LONGEST_MS = 2_000  # a detector is not mistaken for longer
_HELD, _HELD_AROUND = 0.3, 0.3  # shares of the power
_FAINTER = 10**-0.8  # the music around may be this much fainter
_RISE = 10**0.3  # what is not held may be this much louder than around
_TALK = 0.5  # of the time: above it somebody is talking
_SAME = 0.02  # notes no further apart are one
_FEW_NOTES = 0.8  # of the time on as few notes as a hum has: no tune
_ENOUGH = 62  # frames with a note around a span (2 s): a vowel is not held for so long
_FEWEST_NOTES = 8  # frames with a note to judge a tune by

#: A stretch of music is told of from this length on; it may pause for ``_PAUSE_MS``.
_TOLD_MS, _PAUSE_MS = 3_000, 1_100
_QUIETEST = 1e-6  # mean square: −60 dBFS
_HELD_STRETCH = 0.4
_PARTIALS = 3
GROUP_MS = GROUP * HOP_MS


def is_music(frames: Frames, at: int, span: Span, speech: NDArray[np.bool_]) -> bool:
    """Whether ``span``, taken for speech, is music.

    Args:
        frames: of the span and of what there is within ``AROUND_MS`` of it.
        at: number of the first of ``frames`` in the recording.
        speech: for each frame, whether it was taken for speech (``span`` is).
    """
    if span.duration > _LONGEST_MS:
        return False
    first = span.start // HOP_MS - at
    end = max(span.end // HOP_MS - at - 1, first + 1)
    reach = AROUND_MS // HOP_MS
    low, high = max(first - reach, 0), min(end + reach, len(frames))
    if speech[low:high].mean() > _TALK:
        return False
    inside = frames[first:end]
    places = np.r_[low:first, end:high]
    around = frames[places[~speech[places]]]
    if not len(inside) or not len(around):
        return False
    power, power_around = _mean(inside.power), _mean(around.power)
    loose, loose_around = power - _mean(inside.held), power_around - _mean(around.held)
    notes = around.note[(around.power > 0.1 * power) & (around.note > 0)]
    return (
        _mean(inside.held) >= _HELD * power > 0
        and _mean(around.held) >= _HELD_AROUND * power_around
        and power_around >= _FAINTER * power
        and loose <= _RISE * max(loose_around, 1e-9)
        and len(notes) >= _ENOUGH
        and is_tune(notes)
    )


def is_tune(notes: NDArray[np.float32], hum: int = 1) -> bool:
    """Whether notes (Hz, each > 0) change; too few do not tell.

    Args:
        hum: as many notes, if they are nearly all there is, are the partials of a hum.
    """
    if len(notes) < _FEWEST_NOTES:
        return False
    left, most = np.sort(notes), 0
    for _ in range(hum):
        end = np.searchsorted(left, left * (1 + 2 * _SAME), side="right")
        first = int((end - np.arange(len(left))).argmax()) if len(left) else 0
        last = int(end[first]) if len(left) else 0
        most += last - first
        left = np.delete(left, slice(first, last))
    return most <= _FEW_NOTES * len(notes)


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean(dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Group:
    """What is kept of every group of frames until the recording is over."""

    musical: bool
    notes: tuple[float, ...]

    @classmethod
    def of(cls, frames: Frames) -> Group:
        """Of one group."""
        power = _mean(frames.power)
        musical = power > _QUIETEST and _mean(frames.held) >= _HELD_STRETCH * power
        notes = frames.note[frames.note > 0] if musical else frames.note[:0]
        return cls(musical, tuple(float(n) for n in notes[:: GROUP // 4]))


def stretches(groups: list[Group], taken: list[Span]) -> list[Span]:
    """Where music was heard for some seconds.

    Args:
        groups: of the whole recording, in order.
        taken: stretches that are speech or tones, in order; music ends there.
    """
    barred = np.zeros(len(groups), bool)
    for span in taken:
        barred[span.start // GROUP_MS : -(-span.end // GROUP_MS)] = True
    out: list[Span] = []
    run: list[int] = []

    def close() -> None:
        notes = np.array([n for g in run for n in groups[g].notes], np.float32)
        if run and (run[-1] + 1 - run[0]) * GROUP_MS >= _TOLD_MS and is_tune(notes, _PARTIALS):
            out.append(Span(run[0] * GROUP_MS, (run[-1] + 1) * GROUP_MS))

    for i, group in enumerate(groups):
        if barred[i] or (run and (i - run[-1] - 1) * GROUP_MS > _PAUSE_MS):
            close()
            run = []
        if group.musical and not barred[i]:
            run.append(i)
    close()
    return out
