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
from voiceguard.domain.window import RATE, Piece, Window

__all__ = [
    "RATE", "RISKS", "ROLES", "SEVERITIES",
    "Action", "Assessment", "CallInfo", "CallReport", "Disposition", "Engine", "Event", "Evidence",
    "Flag", "How", "Match", "Notice", "Outcome", "Piece", "Recording", "Risk", "Role", "RulesUsed",
    "Scalar", "Severity", "Span", "Transcript", "Turn", "Window", "Word", "covered",
]  # fmt: skip
