"""Speech on a telephone line: what the VAD finds, without tones and hold music.

What is taken away reaches no recogniser, which costs nothing then and can invent nothing. Where in
doubt, a span stays: a word lost is worse than a second decoded in vain.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import RATE, Event, Span
from voiceguard.speech.detector import SileroDetector, Speech, SpeechOptions, level_of
from voiceguard.speech.music import AROUND_MS, Group, is_music, stretches
from voiceguard.speech.partials import GROUP, HOP_MS, Frames, Partials
from voiceguard.speech.tones import may_be_tone, span_of, tones

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bursts of one tone no further apart than this are one sound: ring-back pauses for 4 s.
_CADENCE_MS = 4_300
#: Two bursts no further apart are of one tone; two finds are of one burst, if they share this much.
_OTHER_HZ, _DRIFT_HZ, _SHARED_MS = 10.0, 1.0, 96
#: Within speech a shorter tone is taken for a voice that met its frequency.
_SURE_MS = 300
#: Frames are kept for this long beyond the longest span, ms.
_KEPT_MS = 8_000


class LineDetector:
    """The Silero VAD less what it mistook; a ``SpeechDetector``."""

    def __init__(self, options: SpeechOptions | None = None) -> None:
        self._options = options or SpeechOptions()
        self._vad = SileroDetector(self._options)
        self._partials = Partials()
        self._frames, self._from = Frames.none(), 0
        self._kept = (self._options.longest + _KEPT_MS) // HOP_MS // GROUP * GROUP
        self._waiting: deque[Speech] = deque()
        self._found: deque[Span] = deque()  # what the VAD found lately, with what waits
        self._tones: list[Event] = []  # bursts, in order
        self._groups: list[Group] = []
        self._speech: list[Span] = []
        self._length = 0  # samples fed

    @property
    def sounds(self) -> tuple[Event, ...]:
        """Tones (value: Hz, None for keys) and music, in order; complete after ``finish``."""
        taken = sorted([*self._speech, *(t.span for t in self._tones)])
        end = self._length * 1000 // RATE
        music = [Event("music", s.clamp(Span(0, end))) for s in stretches(self._groups, taken)]
        heard = [replace(t, span=t.span.clamp(Span(0, end))) for t in self._cadences()]
        return tuple(sorted([*music, *heard], key=lambda s: (s.span, s.kind)))

    @property
    def settled(self) -> int:
        waiting = self._waiting[0].span.start if self._waiting else self._vad.settled
        return min(waiting, self._vad.settled)

    def feed(self, samples: NDArray[np.float32]) -> list[Speech]:
        self._length += len(samples)
        self._take(self._partials.feed(samples), self._vad.feed(samples))
        return self._passed(self._now)

    def finish(self) -> list[Speech]:
        self._take(self._partials.finish(), self._vad.finish())
        return self._passed(None)

    @property
    def _now(self) -> int:
        """Up to here frames are known, ms."""
        return (self._from + len(self._frames)) * HOP_MS

    def _take(self, frames: Frames, speech: list[Speech]) -> None:
        known = len(self._frames)
        self._frames = Frames.joined(self._frames, frames)
        for at in range(known, len(self._frames), GROUP):
            group = self._frames[at : at + GROUP]
            self._groups.append(Group.of(group))
            if may_be_tone(group):
                # With the group before, so that no tone is missed that lies across the two.
                start = max(at - GROUP, 0)
                number = self._from + start
                for first, end, hertz in tones(self._frames[start : at + GROUP]):
                    self._tone(Event("tone", span_of(number + first, number + end), value=hertz))
        self._waiting += speech
        self._found += (s.span for s in speech)

    def _tone(self, new: Event) -> None:
        for i in range(len(self._tones) - 1, -1, -1):
            old = self._tones[i]
            if old.span.end < new.span.start:
                break
            if _same(old, new, _DRIFT_HZ) and old.span.overlap(new.span) >= _SHARED_MS:
                self._tones[i] = replace(old, span=old.span.cover(new.span))
                return
        self._tones.append(new)

    def _cadences(self) -> list[Event]:
        """Bursts joined to the signal that they make; speech between them parts them."""
        out: list[Event] = []
        speech = deque(self._speech)
        for burst in self._tones:
            last = out[-1] if out else None
            while speech and last and speech[0].end <= last.span.end:
                speech.popleft()
            apart = bool(speech and speech[0].start < burst.span.start)
            if last and _same(last, burst, _OTHER_HZ) and not apart \
                    and burst.span.gap(last.span) <= _CADENCE_MS:
                out[-1] = replace(last, span=last.span.cover(burst.span))
            else:
                out.append(burst)
        return out

    def _passed(self, now: int | None) -> list[Speech]:
        """Of the spans about which all is known (``now`` None: all spans) what is speech."""
        out: list[Speech] = []
        while self._waiting and (now is None or self._waiting[0].span.end + AROUND_MS <= now):
            speech = self._waiting.popleft()
            marks = self._marks()
            if not is_music(self._frames, self._from, speech.span, marks):
                out += self._without_tones(speech)
        self._speech += (s.span for s in out)
        drop = min(len(self._frames) - self._kept, self._first_needed())
        if drop > 0:
            self._frames, self._from = self._frames[drop:], self._from + drop
        while self._found and self._found[0].end < self._from * HOP_MS:
            self._found.popleft()
        return out

    def _first_needed(self) -> int:
        """The first of the kept frames that a waiting span may ask for."""
        if not self._waiting:
            return len(self._frames)
        start = self._waiting[0].span.start - AROUND_MS
        return max(start // HOP_MS - self._from - GROUP, 0)

    def _marks(self) -> NDArray[np.bool_]:
        """Which of the kept frames the VAD took for speech, or is taking now."""
        marks = np.zeros(len(self._frames), bool)
        for span in self._found:
            marks[max(span.start // HOP_MS - self._from, 0) :
                  max(span.end // HOP_MS + 1 - self._from, 0)] = True
        if self._vad.open_from is not None:
            start = self._vad.open_from - self._options.pad
            marks[max(start // HOP_MS - self._from, 0) :] = True
        return marks

    def _without_tones(self, speech: Speech) -> list[Speech]:
        """``speech`` cut at the borders of the tones in it."""
        inside = [t for t in self._tones if t.span.overlap(speech.span)]
        for doubtful in [t for t in inside if t.span.duration < _SURE_MS]:
            self._tones.remove(doubtful)
            inside.remove(doubtful)
        if not inside:
            return [speech]
        out: list[Speech] = []
        at = speech.span.start
        for span in [*sorted(t.span for t in inside), Span(speech.span.end, speech.span.end)]:
            if span.start - at >= self._options.min_speech:
                out.append(_part(speech, Span(at, span.start)))
            at = max(at, span.end)
        return out


def _same(a: Event, b: Event, off: float) -> bool:
    if a.value is None or b.value is None:
        return a.value is b.value
    return abs(a.value - b.value) <= off


def _part(speech: Speech, span: Span) -> Speech:
    first = (span.start - speech.span.start) * RATE // 1000
    samples = speech.samples[first : first + span.duration * RATE // 1000]
    return Speech(span, samples, level_of(samples))
