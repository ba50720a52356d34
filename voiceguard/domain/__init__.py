"""Frozen values that every room shares. Equality is content; standard library only."""

from voiceguard.domain.flags import SEVERITIES, Evidence, Flag, How, Match, Severity
from voiceguard.domain.recording import Engine, Recording
from voiceguard.domain.report import (
    RISKS,
    Action,
    Assessment,
    CallReport,
    Disposition,
    Outcome,
    Risk,
    RulesUsed,
)
from voiceguard.domain.span import Span, covered
from voiceguard.domain.transcript import (
    ROLES,
    CallInfo,
    Event,
    Notice,
    Role,
    Scalar,
    Transcript,
    Turn,
    Word,
)

__all__ = [
    "RISKS", "ROLES", "SEVERITIES",
    "Action", "Assessment", "CallInfo", "CallReport", "Disposition", "Engine", "Event", "Evidence",
    "Flag", "How", "Match", "Notice", "Outcome", "Recording", "Risk", "Role", "RulesUsed", "Scalar",
    "Severity", "Span", "Transcript", "Turn", "Word", "covered",
]
