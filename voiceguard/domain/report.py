"""The one result of analysing a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voiceguard.domain.flags import Flag
from voiceguard.domain.transcript import Notice, Transcript

Outcome = Literal["conversation", "no_answer", "machine", "no_speech", "unreadable"]
Risk = Literal["none", "low", "medium", "high"]
RISKS: tuple[Risk, ...] = ("none", "low", "medium", "high")
Disposition = Literal["clear", "listen", "review", "escalate", "not_assessable"]


@dataclass(frozen=True, slots=True)
class Action:
    """Something for a person to do, with words to say where there are any."""

    id: str
    title: str
    script: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How bad a call is and what to do about it.

    Attributes:
        risk: None where the call could not be assessed.
        score: 0 to 100, None where the call could not be assessed.
        categories: ``(category, strength 0..1)``, strongest first.
    """

    outcome: Outcome
    risk: Risk | None
    score: int | None
    disposition: Disposition
    categories: tuple[tuple[str, float], ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesUsed:
    """Which rule libraries judged a call.

    Attributes:
        libraries: ``(name, version)`` pairs.
        sha256: of everything that can change a flag.
    """

    libraries: tuple[tuple[str, str], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class CallReport:
    """Transcript, flags and assessment of one call; exporters pick fields from it."""

    transcript: Transcript
    rules: RulesUsed
    flags: tuple[Flag, ...]
    assessment: Assessment
    notices: tuple[Notice, ...] = ()

    @property
    def id(self) -> str:
        """The call's id."""
        return self.transcript.id
