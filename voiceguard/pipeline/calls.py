"""What goes into an analysis and what comes out, call by call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceguard.assess import FlagOptions
from voiceguard.audio import AudioOptions, Survey
from voiceguard.domain import CallInfo, CallReport, Role
from voiceguard.errors import VoiceGuardError
from voiceguard.speech import SpeechOptions
from voiceguard.transcribe import GuardOptions


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
