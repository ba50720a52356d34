"""Transcript → report."""

from __future__ import annotations

from collections.abc import Sequence

from voiceguard.assess import FlagOptions, assess, flag_matches, outcome_of
from voiceguard.domain import CallInfo, CallReport, Flag, Transcript, Turn
from voiceguard.match import Listening, Matcher, match_transcript
from voiceguard.rules import Library, Playbook


class Judge:
    """Transcript → report, with rules compiled once."""

    def __init__(self, library: Library, playbook: Playbook, flags: FlagOptions | None = None):
        self._library, self._playbook = library, playbook
        self._flags = flags or FlagOptions()
        self._matcher = Matcher(library.rules)

    def judge(self, transcript: Transcript) -> CallReport:
        """Flags and assessment of a call."""
        matches = match_transcript(self._matcher, transcript)
        flags = flag_matches(matches, transcript, self._library, self._flags)
        assessment = assess(outcome_of(transcript), flags, self._playbook)
        return CallReport(transcript, self._library.used, flags, assessment)

    def listen(self, info: CallInfo) -> Listening:
        """What hears a call whose turns come one by one."""
        return self._matcher.open(info)

    def early(
        self, call: str, turns: Sequence[Turn], new: Sequence[Turn], listening: Listening
    ) -> tuple[Flag, ...]:
        """Flags that the turns ``new`` give, of all ``turns`` so far, before the call is over."""
        matches = [match for turn in new for match in listening.feed(turn)]
        so_far = Transcript(call, tuple(turns)) if matches else Transcript(call)
        return flag_matches(matches, so_far, self._library, self._flags)
