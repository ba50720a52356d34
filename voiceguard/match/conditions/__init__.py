"""Conditions at work: each one gives a verdict for every turn of a call."""

from voiceguard.match.conditions.compiling import Compiler
from voiceguard.match.conditions.found import Found
from voiceguard.match.conditions.view import Past, TurnView

__all__ = ["Compiler", "Found", "Past", "TurnView"]
