"""Compiled rules × transcript → matches."""

from voiceguard.match.matcher import Listening, Matcher, match_transcript

__all__ = ["Listening", "Matcher", "match_transcript"]
