"""A call on its way through the stages: what of it was found, waits, and has come back."""

from __future__ import annotations

from dataclasses import dataclass, field

from voiceguard.audio import Reading
from voiceguard.domain import Role, Span, Turn, Word
from voiceguard.match import Listening
from voiceguard.pipeline.calls import Call
from voiceguard.speech import Packer, SpeechDetector
from voiceguard.transcribe import ChannelWords, Finding, Guard, Sound, TurnBuilder


@dataclass(slots=True)
class Channel:
    """One channel of a call on its way; speech is counted in the order in which it was found.

    Attributes:
        speech: ``(span, level in dBFS)``; the sound itself goes into the windows.
        filled: for each window made, the number of spans up to its end.
        sounds: of the windows whose words are not back or not checked yet.
        words: what is believed of each window that came back, as far as all before it did.
        findings: what the guards found wrong.
        reach: speech that is still to be found begins here (ms) or later; None: there is none.
        taken: windows that went into turns already.
    """

    detector: SpeechDetector
    packer: Packer
    guard: Guard
    speech: list[tuple[Span, float]] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    sounds: dict[int, Sound] = field(default_factory=dict)
    words: list[tuple[Word, ...]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reach: int | None = 0
    taken: int = 0
    _unchecked: dict[int, tuple[Word, ...]] = field(default_factory=dict)

    def hear(self, window: int, words: tuple[Word, ...]) -> None:
        """Take what came back. Guards look at windows in their order, which engines need not keep.
        """
        self._unchecked[window] = words
        while (number := len(self.words)) in self._unchecked:
            believed, found = self.guard.feed(
                self.sounds.pop(number), self._unchecked.pop(number)
            )
            self.words.append(believed)
            self.findings += found

    def unpacked_since(self, now: int) -> int:
        """When the speech began that waits for its window, ms; ``now`` where none does."""
        at = self.filled[-1] if self.filled else 0
        return self.speech[at][0].start if at < len(self.speech) else now

    @property
    def missing_from(self) -> int | None:
        """Where the first speech begins that is not in a turn yet, ms; None: there is none."""
        at = self.filled[self.taken - 1] if self.taken else 0
        return self.speech[at][0].start if at < len(self.speech) else self.reach

    def stretch(self, window: int, number: int, role: Role, join: bool) -> ChannelWords:
        """What one window said."""
        start = self.filled[window - 1] if window else 0
        spoken = tuple(self.speech[start : self.filled[window]])
        return ChannelWords(number, role, spoken, self.words[window], join)


@dataclass(slots=True)
class Hearing:
    """A call on its way: what has been read of it and what has come back.

    Attributes:
        key: what its windows are named after.
        roles: of the channels, as far as the recording's first minute tells.
        join: whether a channel is one party, as far as that tells.
        waiting: windows that are being recognised.
        turns: those that are final.
        listening: what hears them one by one, where flags are wanted early.
        read: whether the recording is read to its end.
    """

    call: Call
    key: str
    reading: Reading
    channels: dict[int, Channel]
    roles: tuple[Role, ...]
    join: bool
    builder: TurnBuilder
    waiting: set[str] = field(default_factory=set)
    turns: list[Turn] = field(default_factory=list)
    listening: Listening | None = None
    read: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything is back."""
        return self.read and not self.waiting

    def fresh(self) -> list[Turn]:
        """Turns that have become final since the last time: all speech up to the end of them, and
        as much after it as could join them, was found and has come back."""
        horizon: int | None = None
        for number, channel in self.channels.items():
            while channel.taken < len(channel.words):
                role = self.roles[number]
                self.builder.feed(channel.stretch(channel.taken, number, role, self.join))
                channel.taken += 1
            reach = channel.missing_from
            if reach is not None:
                horizon = reach if horizon is None else min(horizon, reach)
        new = self.builder.final(horizon)
        self.turns += new
        return new
