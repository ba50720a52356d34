"""Turns from formats that are lines of text, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voiceguard.domain import Notice, Transcript, Turn
from voiceguard.errors import TranscriptError
from voiceguard.ingest import notices
from voiceguard.ingest.transcripts.roles import Party
from voiceguard.ingest.transcripts.words import spans


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn as found in a file.

    Attributes:
        line: 1-based line of the file where it begins.
        party: None where nothing says who speaks.
        start: milliseconds, None where not known; ``end`` likewise.
    """

    line: int
    text: str
    party: Party | None = None
    start: int | None = None
    end: int | None = None


def assemble(said: Sequence[Spoken], file: str, call_id: str) -> Transcript:
    """The call.

    Raises:
        TranscriptError: a turn ends before it begins; with its line.
    """
    for item in said:
        if item.start is not None and item.end is not None and item.end < item.start:
            raise TranscriptError(f"{file}:{item.line}: the end is before the start")
    times, assumed, lost = spans([(item.start, item.end) for item in said])
    turns = tuple(
        Turn(
            index, item.text, item.party.role if item.party else "unknown",
            item.party.speaker if item.party else None, span=span,
        )
        for index, (item, span) in enumerate(zip(said, times, strict=True))
    )  # fmt: skip
    strangers = sum(item.party is None or not item.party.told for item in said)
    told: tuple[Notice, ...] = tuple(
        notices.counted(
            (notices.unknown_roles, strangers),
            (notices.end_assumed, assumed),
            (notices.times_incomplete, lost),
        )
    )
    return Transcript(call_id, turns, notices=told)


def milliseconds(clock: str) -> int | None:
    """``h:mm:ss.mmm`` or ``mm:ss,mmm`` in milliseconds; None where it is no time of a call."""
    whole, _, part = clock.replace(",", ".").partition(".")
    *hours, minutes, seconds = (int(number) for number in whole.split(":"))
    if seconds > 59 or (hours and minutes > 59) or (hours and hours[0] > 168):
        return None
    total = (hours[0] if hours else 0) * 3600 + minutes * 60 + seconds
    return total * 1000 + int(part.ljust(3, "0")[:3] or 0)
