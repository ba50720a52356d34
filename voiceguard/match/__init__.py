"""Compiled rules × transcript → matches."""

from voiceguard.match.matcher import Matcher, match_transcript

__all__ = ["Matcher", "match_transcript"]
