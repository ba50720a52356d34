"""What was said in a call: words, turns, events, and what is known about the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from voiceguard.domain.span import Span

if TYPE_CHECKING:
    from voiceguard.domain.recording import Engine, Recording

Scalar = str | int | float | bool | None
Role = Literal["agent", "customer", "third_party", "unknown"]
ROLES: tuple[Role, ...] = ("agent", "customer", "third_party", "unknown")


@dataclass(frozen=True, slots=True)
class Word:
    """A word (in Chinese mostly one character) with its place in time.

    Attributes:
        text: verbatim; the words of a turn joined give the turn's text.
        span: None where times are not known.
        confidence: 0 to 1, None where not known.
    """

    text: str
    span: Span | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One party speaking without a longer break.

    Attributes:
        index: position in the call, from 0.
        text: verbatim, as recognised or transcribed.
        role: who speaks; ``unknown`` where nothing tells.
        speaker: label of a voice within the call, None where not known.
        channel: 0-based audio channel, None where there is none.
        span: None for a transcript without times.
        words: empty where not known.
        level_db: RMS level in dBFS, None where not known.
    """

    index: int
    text: str
    role: Role = "unknown"
    speaker: str | None = None
    channel: int | None = None
    span: Span | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    level_db: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something heard that is not speech, or how speech lies in time.

    Attributes:
        kind: ``silence``, ``overlap``, ``tone``, ``music`` …
        value: size of the event in its own unit, None where it has none.
    """

    kind: str
    span: Span
    channel: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that travels with a result.

    Attributes:
        code: stable, machine-readable, such as ``truncated`` or ``dead_channel``.
        message: one sentence for people, without spoken text.
        turn: index of the turn it is about, None for the call.
    """

    code: str
    message: str
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What the business knows about a call: sorted pairs of key and scalar value."""

    items: tuple[tuple[str, Scalar], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Scalar]) -> CallInfo:
        """From any mapping; keys with value None are left out."""
        return cls(tuple(sorted((k, v) for k, v in values.items() if v is not None)))

    def get(self, key: str) -> Scalar:
        """The value of ``key``, None where it is not known."""
        return next((v for k, v in self.items if k == key), None)

    def merged(self, other: CallInfo) -> CallInfo:
        """Both; where a key stands in both, the value of ``other``."""
        return CallInfo.of({**dict(self.items), **dict(other.items)})

    def __iter__(self) -> Iterator[tuple[str, Scalar]]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything heard in one call, in order of time.

    Attributes:
        id: names the call within its source.
        language: two-letter code.
        recording: None where the transcript came without audio.
        engine: None where people or another system wrote it.
        notices: warnings of the stages so far.
    """

    id: str
    turns: tuple[Turn, ...] = ()
    language: str = "zh"
    events: tuple[Event, ...] = ()
    info: CallInfo = CallInfo()
    recording: Recording | None = None
    engine: Engine | None = None
    notices: tuple[Notice, ...] = ()
