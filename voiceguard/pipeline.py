"""The only place that knows the order of the stages.

``judge`` takes a transcript to a report; ``Analyzer`` takes recordings to reports. Recordings flow
as a stream: while one call's windows are decoded the next call is being read, so that windows of
several calls share a batch, and at most a few calls are held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from voiceguard.assess import FlagOptions, assess, flag_matches, outcome_of
from voiceguard.audio import FRAME_MS, AudioOptions, Survey, frame_db, leaked, read_blocks, survey
from voiceguard.domain import (
    CallInfo,
    CallReport,
    Event,
    Notice,
    Role,
    Span,
    Transcript,
    Window,
    Word,
)
from voiceguard.errors import VoiceGuardError
from voiceguard.match import Matcher, match_transcript
from voiceguard.rules import Library, Playbook
from voiceguard.speech import (
    GAP_MS,
    LineDetector,
    Packer,
    Speech,
    SpeechDetector,
    SpeechOptions,
    beside_music,
)
from voiceguard.transcribe import (
    ChannelWords,
    GuardOptions,
    Sound,
    Transcriber,
    assemble,
    guard,
    guard_notices,
    listen,
)
from voiceguard.voices import check_roles, roles_for

#: A span of speech of which this share is only a leak of the other channel is not transcribed.
_LEAKED = 0.7


@dataclass(frozen=True, slots=True)
class Call:
    """One recording to analyse.

    Attributes:
        id: names the call in its report; no two of a run are the same.
        path: the audio file.
        info: what is known about the call.
    """

    id: str
    path: str
    info: CallInfo = CallInfo()


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that was analysed. ``survey`` holds the waveform for drawings."""

    call: Call
    report: CallReport
    survey: Survey


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that could not be analysed, and why."""

    call: Call
    error: VoiceGuardError


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """How recordings are read and heard; ``roles`` are those of the channels, in order."""

    roles: tuple[Role, ...] = ("agent", "customer")
    audio: AudioOptions = AudioOptions()
    speech: SpeechOptions = SpeechOptions()
    flags: FlagOptions = FlagOptions()
    guards: GuardOptions = GuardOptions()
    word_times: bool = True


class Judge:
    """Transcript → report, with rules compiled once."""

    def __init__(self, library: Library, playbook: Playbook, flags: FlagOptions | None = None):
        self._library, self._playbook = library, playbook
        self._flags = flags or FlagOptions()
        self._matcher = Matcher(library.rules)

    def judge(self, transcript: Transcript) -> CallReport:
        """Flags and assessment of a call."""
        matches = match_transcript(self._matcher, transcript)
        flags = flag_matches(matches, transcript, self._library, self._flags)
        assessment = assess(outcome_of(transcript), flags, self._playbook)
        return CallReport(transcript, self._library.used, flags, assessment)


@dataclass(slots=True)
class _Open:
    """A call on its way: what has been read of it and what has come back."""

    call: Call
    survey: Survey
    sounds: list[Sound] = field(default_factory=list)
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    speech: dict[int, list[Speech]] = field(default_factory=dict)
    line: list[Event] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    read: bool = False
    notices: list[Notice] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.read and not self.waiting


Progress = Callable[[Call, int], None]


class Analyzer:
    """Recordings → reports.

    Args:
        on_audio: told of every stretch of audio that has been read: the call and its length in ms.
        detector: makes the speech detector of a channel.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        judge: Judge,
        options: AnalyzeOptions,
        on_audio: Progress | None = None,
        detector: Callable[[SpeechOptions], SpeechDetector] = LineDetector,
    ) -> None:
        self._transcriber, self._judge, self._options = transcriber, judge, options
        self._on_audio = on_audio or (lambda call, ms: None)
        self._detector = detector
        self._open: dict[str, _Open] = {}
        self._done: list[Heard | Failed] = []

    def analyze(self, calls: Iterable[Call]) -> Iterator[Heard | Failed]:
        """One result for every call, as soon as it is there; one that fails stops no other."""
        for window, words in self._transcriber.transcribe(self._windows(calls)):
            held = self._open[window.rsplit(":", 2)[0]]
            held.words[window] = words
            held.waiting.discard(window)
            self._close(held)
            yield from self._take()
        yield from self._take()

    def _take(self) -> list[Heard | Failed]:
        done, self._done = self._done, []
        return done

    def _windows(self, calls: Iterable[Call]) -> Iterator[Window]:
        for call in calls:
            try:
                look = survey(call.path, self._options.audio)
                held = self._open[call.id] = _Open(call, look)
                for window in self._read(held):
                    held.waiting.add(window.id)
                    held.sounds.append(listen(window))
                    yield window
            except VoiceGuardError as error:
                self._open.pop(call.id, None)
                self._done.append(Failed(call, error))
                continue
            held.read = True
            self._close(held)

    def _read(self, held: _Open) -> Iterator[Window]:
        """Windows of one call, block by block."""
        channels = held.survey.active
        held.speech = {c: [] for c in channels}
        limit = min(self._options.speech.longest, self._transcriber.longest - GAP_MS)
        heard = replace(self._options.speech, longest=limit)
        detectors = [self._detector(heard) for _ in channels]
        packers = [Packer(held.call.id, c, self._transcriber.longest) for c in channels]
        levels = _Levels(len(channels))
        if not channels:
            self._on_audio(held.call, held.survey.recording.duration)
            return
        for block in read_blocks(held.call.path, self._options.audio, channels):
            levels.feed(block.samples, block.rate)
            for i, channel in enumerate(channels):
                found = detectors[i].feed(block.samples[i])
                yield from self._pack(held, channel, packers[i], levels.own(i, found))
            self._on_audio(held.call, block.samples.shape[1] * 1000 // block.rate)
        for i, channel in enumerate(channels):
            found = levels.own(i, detectors[i].finish())
            yield from self._pack(held, channel, packers[i], found)
            yield from packers[i].finish()
            held.line += (replace(e, channel=channel) for e in detectors[i].sounds)

    @staticmethod
    def _pack(
        held: _Open, channel: int, packer: Packer, found: Sequence[Speech]
    ) -> Iterator[Window]:
        for speech in found:
            held.speech[channel].append(replace(speech, samples=speech.samples[:0]))
            yield from packer.feed(speech)

    def _close(self, held: _Open) -> None:
        """Turn a call of which everything is back into its report."""
        if not held.complete or held.call.id not in self._open:
            return
        del self._open[held.call.id]
        try:
            transcript = self._transcript(held)
            self._done.append(Heard(held.call, self._judge.judge(transcript), held.survey))
        except VoiceGuardError as error:
            self._done.append(Failed(held.call, error))

    def _transcript(self, held: _Open) -> Transcript:
        look, options = held.survey, self._options
        single = look.mono_like
        roles = roles_for(1 if single else look.recording.channels, options.roles)
        believed = {
            c: guard([(s, held.words[s.window]) for s in held.sounds if s.channel == c],
                     options.guards)
            for c in look.active
        }
        channels = [
            ChannelWords(c, roles[0 if single else c],
                         tuple((s.span, s.level_db) for s in held.speech[c]),
                         believed[c][0], join=not single)
            for c in look.active
        ]
        turns, events = assemble(channels, options.word_times)
        events = tuple(sorted((*events, *held.line), key=lambda e: (e.span, e.kind)))
        findings = [finding for _, found in believed.values() for finding in found]
        engine = self._transcriber.engine
        recorded = tuple(sorted((*engine.options, *options.guards.record())))
        return Transcript(
            held.call.id, turns, engine.language, events, held.call.info,
            look.recording, replace(engine, options=recorded),
            (*look.notices, *held.notices, *guard_notices(findings, turns), *check_roles(turns),
             *beside_music(turns, events)),
        )


class _Levels:
    """Levels of all channels so far, to tell a party's own speech from the other's, leaked over."""

    def __init__(self, channels: int) -> None:
        self._frames: list[np.ndarray] = [np.zeros((channels, 0), np.float32)]
        self._rest = np.zeros((channels, 0), np.float32)
        self._marks: np.ndarray | None = None

    def feed(self, samples: np.ndarray, rate: int) -> None:
        joined = np.concatenate([self._rest, samples], axis=1)
        size = rate * FRAME_MS // 1000
        whole = joined.shape[1] // size * size
        self._rest = joined[:, whole:]
        if whole and len(joined) > 1:
            self._frames.append(frame_db(joined[:, :whole], rate))
        self._marks = None

    def own(self, channel: int, found: list[Speech]) -> list[Speech]:
        """``found`` without what is only a leak of another channel."""
        if not found or len(self._rest) < 2:
            return found
        if self._marks is None:
            self._frames = [np.concatenate(self._frames, axis=1)]
            self._marks = leaked(self._frames[0])
        return [s for s in found if not self._is_leak(self._marks[channel], s.span)]

    @staticmethod
    def _is_leak(marks: np.ndarray, span: Span) -> bool:
        part = marks[span.start // FRAME_MS : max(span.end // FRAME_MS, span.start // FRAME_MS + 1)]
        return len(part) > 0 and float(part.mean()) >= _LEAKED


def unique_ids(paths: Sequence[Path]) -> tuple[str, ...]:
    """An id for each path: its name, with as many folders before it as tell it from the others;
    a path given twice gets a number."""
    out: list[str] = []
    for path in paths:
        parts = path.absolute().parts
        others = [p.absolute().parts for p in paths if p.absolute() != path.absolute()]
        depth = next(
            (d for d in range(1, len(parts)) if all(o[-d:] != parts[-d:] for o in others)),
            len(parts),
        )
        id_ = "/".join(parts[-depth:])
        repeats = sum(o == id_ or o.startswith(f"{id_}#") for o in out)
        out.append(f"{id_}#{repeats + 1}" if repeats else id_)
    return tuple(out)
