"""Recordings → reports.

Recordings flow as a stream, each read once: while one call's windows are decoded the next call is
being read, so that windows of several calls share a batch, and at most a few calls are held at
once. Of a call only its words and the sound that waits to be recognised are kept, never the
recording.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace

from voiceguard.audio import LeakWatch, Reading, Survey
from voiceguard.domain import Flag, Role, Transcript, Window, Word
from voiceguard.errors import VoiceGuardError
from voiceguard.pipeline.calls import AnalyzeOptions, Call, Failed, Heard
from voiceguard.pipeline.hearing import Channel, Hearing
from voiceguard.pipeline.judge import Judge
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
    Guard,
    Transcriber,
    TurnBuilder,
    assemble,
    guard_notices,
    listen,
)
from voiceguard.voices import check_roles, roles_for

#: A span of speech of which this share is only a leak of the other channel is not transcribed.
_LEAKED = 0.7
#: Speech waits no longer than this for its window to be filled, ms of the recording.
_PATIENCE = 300_000
#: Where flags are wanted early, so many windows are decoded together, and none waits longer than
#: so many blocks for company.
_EARLY_WINDOWS, _EARLY_BLOCKS = 2, 6


Progress = Callable[[Call, int], None]
Early = Callable[[Call, tuple[Flag, ...]], None]


class Analyzer:
    """Recordings → reports.

    Args:
        on_audio: told of every stretch of audio that has been read: the call and its length in ms.
        detector: makes the speech detector of a channel.
        on_flags: told of flags while the rest of the call is still being read; of each flag once,
            when its turn is final. The report is the same with and without. Should the recording
            turn out to be other than its first minute, or a rule need the end of the call, the
            report's flags may differ from those told.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        judge: Judge,
        options: AnalyzeOptions,
        on_audio: Progress | None = None,
        detector: Callable[[SpeechOptions], SpeechDetector] = LineDetector,
        on_flags: Early | None = None,
    ) -> None:
        self._transcriber, self._judge, self._options = transcriber, judge, options
        self._on_audio = on_audio or (lambda call, ms: None)
        self._on_flags = on_flags
        self._detector = detector
        longest = min(options.speech.longest, transcriber.longest - GAP_MS)
        self._speech = replace(options.speech, longest=longest)
        self._open: dict[str, Hearing] = {}
        self._done: list[Heard | Failed] = []

    def analyze(self, calls: Iterable[Call]) -> Iterator[Heard | Failed]:
        """One result for every call, as soon as it is there; one that fails stops no other."""
        for window, words in self._transcribed(self._windows(calls)):
            call, channel, number = window.rsplit(":", 2)
            held = self._open.get(call)
            if held is not None:  # else it has failed, or is being read again
                held.channels[int(channel)].hear(int(number), words)
                held.waiting.discard(window)
                self._tell(held)
                self._close(held)
            yield from self._take()
        yield from self._take()

    def _take(self) -> list[Heard | Failed]:
        done, self._done = self._done, []
        return done

    def _transcribed(
        self, windows: Iterator[Window | None]
    ) -> Iterator[tuple[str, tuple[Word, ...]]]:
        """Words of windows, in whole batches, or in groups as small as early flags need."""
        if self._on_flags is None:
            yield from self._transcriber.transcribe(w for w in windows if w is not None)
            return
        group: list[Window] = []
        blocks = 0
        for window in windows:
            if window is not None:
                group.append(window)
            blocks += window is None and bool(group)
            if len(group) >= _EARLY_WINDOWS or blocks >= _EARLY_BLOCKS:
                yield from self._transcriber.transcribe(group)
                group, blocks = [], 0
        yield from self._transcriber.transcribe(group)

    def _windows(self, calls: Iterable[Call]) -> Iterator[Window | None]:
        """Windows of all calls, and None after every block that was read."""
        for call in calls:
            key = call.id
            try:
                held = yield from self._read(call, key)
                look = held.reading.survey()
                if set(look.active) - set(held.channels):
                    # What sounded like a copy for a minute is none.
                    del self._open[key]
                    key = f"{call.id}:again"
                    held = yield from self._read(call, key, look)
            except VoiceGuardError as error:
                self._open.pop(key, None)
                self._done.append(Failed(call, error))
                continue
            held.read = True
            self._tell(held)
            self._close(held)

    def _read(
        self, call: Call, key: str, known: Survey | None = None
    ) -> Generator[Window | None, None, Hearing]:
        """Windows of one call, block by block.

        Which channels are heard is told by ``known``, where the call was read before; else by its
        first minute.
        """
        reading = Reading(call.path, self._options.audio)
        held: Hearing | None = None
        now = 0
        for block in reading.blocks():
            if held is None:
                held = self._start(call, key, reading, known or reading.survey())
                self._open[key] = held
                leaks = LeakWatch(len(block.samples), block.rate)
            leaks.feed(block.samples)
            length = block.samples.shape[1] * 1000 // block.rate
            now = block.start + length
            for number, channel in held.channels.items():
                found = channel.detector.feed(block.samples[number])
                yield from self._pack(held, number, found, leaks, now)
            self._tell(held)
            if known is None:
                self._on_audio(call, length)
            yield None
        assert held is not None  # a recording without samples is an error
        for number, channel in held.channels.items():
            yield from self._pack(held, number, channel.detector.finish(), leaks, None)
        return held

    def _start(self, call: Call, key: str, reading: Reading, look: Survey) -> Hearing:
        """Ready to hear a call; silent channels too, for their party may speak later."""
        channels = {
            c: Channel(self._detector(self._speech), Packer(key, c, self._transcriber.longest),
                       Guard(self._options.guards))
            for c in range(look.recording.channels) if c not in look.copies
        }
        return Hearing(call, key, reading, channels, self._roles(look), not look.mono_like,
                       TurnBuilder(self._options.word_times))

    def _roles(self, look: Survey) -> tuple[Role, ...]:
        count = look.recording.channels
        if look.mono_like:
            return roles_for(1, self._options.roles) * count
        return roles_for(count, self._options.roles)

    def _pack(
        self, held: Hearing, number: int, found: Sequence[Speech], leaks: LeakWatch, now: int | None
    ) -> Iterator[Window]:
        """Windows that ``found`` fills. ``now``: how far was read, in ms; None: to the end."""
        channel = held.channels[number]
        windows = []
        for speech in found:
            if leaks.share(number, speech.span) < _LEAKED:
                windows += self._count(channel, channel.packer.feed(speech))
                channel.speech.append((speech.span, speech.level_db))
        if now is None or now - channel.unpacked_since(now) >= _PATIENCE:
            windows += self._count(channel, channel.packer.finish())
        channel.reach = None if now is None else channel.detector.settled
        held.waiting.update(w.id for w in windows)
        channel.sounds.update((int(w.id.rsplit(":", 1)[1]), listen(w)) for w in windows)
        yield from windows

    @staticmethod
    def _count(channel: Channel, windows: list[Window]) -> list[Window]:
        channel.filled += [len(channel.speech) for _ in windows]
        return windows

    def _tell(self, held: Hearing) -> None:
        """Give the flags of turns that have become final."""
        if self._on_flags is None:
            return
        new = held.fresh()
        if held.listening is None:
            held.listening = self._judge.listen(held.call.info)
        flags = self._judge.early(held.call.id, held.turns, new, held.listening)
        if flags:
            self._on_flags(held.call, flags)

    def _close(self, held: Hearing) -> None:
        """Turn a call of which everything is back into its report."""
        if not held.complete or held.key not in self._open:
            return
        del self._open[held.key]
        try:
            transcript = self._transcript(held)
            look = held.reading.survey()
            self._done.append(Heard(held.call, self._judge.judge(transcript), look))
        except VoiceGuardError as error:
            self._done.append(Failed(held.call, error))

    def _transcript(self, held: Hearing) -> Transcript:
        look, options = held.reading.survey(), self._options
        roles = self._roles(look)
        stretches = (
            held.channels[c].stretch(window, c, roles[c], not look.mono_like)
            for c in look.active for window in range(len(held.channels[c].filled))
        )
        turns, between = assemble(stretches, options.word_times)
        on_line = (replace(e, channel=c) for c in look.active
                   for e in held.channels[c].detector.sounds)
        events = tuple(sorted((*between, *on_line), key=lambda e: (e.span, e.kind)))
        findings = [f for c in look.active for f in held.channels[c].findings]
        engine = self._transcriber.engine
        recorded = tuple(sorted((*engine.options, *options.guards.record())))
        return Transcript(
            held.call.id, turns, engine.language, events, held.call.info,
            look.recording, replace(engine, options=recorded),
            (*look.notices, *guard_notices(findings, turns), *check_roles(turns),
             *beside_music(turns, events)),
        )
