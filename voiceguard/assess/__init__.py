"""Matches → flags → risk, disposition and recommended actions."""

from voiceguard.assess.flagging import FlagOptions, flag_matches
from voiceguard.assess.outcome import outcome_of
from voiceguard.assess.risk import assess

__all__ = ["FlagOptions", "assess", "flag_matches", "outcome_of"]
