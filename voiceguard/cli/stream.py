"""Flags on stdout while a recording is still being read, each once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from voiceguard.cli.results import clock

if TYPE_CHECKING:
    from voiceguard.domain import CallReport, Flag
    from voiceguard.pipeline import Call

SCHEMA = "voiceguard.flag/1"


class FlagStream:
    """Prints a line for each flag: for people on a terminal, as JSON elsewhere.

    What was printed and does not stand in the call's report after all is withdrawn at its end, and
    what stands there and was not printed is added: afterwards both agree.

    Args:
        names: category id → (Chinese, English).
        terminal: whether a person reads.
    """

    def __init__(self, names: Mapping[str, tuple[str, str]], *, terminal: bool) -> None:
        self._names, self._terminal = names, terminal
        self._told: dict[str, dict[str, Flag]] = {}

    def flags(self, call: Call, flags: Iterable[Flag]) -> None:
        """Flags of a call that is still being read."""
        told = self._told.setdefault(call.id, {})
        for flag in flags:
            if flag.id not in told:
                told[flag.id] = flag
                self._tell(call.id, flag)

    def end(self, call: Call, report: CallReport | None) -> None:
        """The call is over; None: it has failed, and its flags stand as they are."""
        told = self._told.pop(call.id, {})
        if report is None:
            return
        final = {flag.id: flag for flag in report.flags}
        for id_, flag in told.items():
            if final.get(id_) != flag:
                self._withdraw(call.id, flag)
        for flag in report.flags:
            if told.get(flag.id) != flag:
                self._tell(call.id, flag)

    def _tell(self, call: str, flag: Flag) -> None:
        if self._terminal:
            heard = flag.text if flag.how in ("exact", "regex") else f"{flag.text} ~ {flag.matched}"
            unsure = "? " if flag.needs_listening else ""
            category = self._names.get(flag.category, (flag.category, ""))[0]
            place = clock(flag.span.start if flag.span else None)
            parts = (call, place, flag.severity, category, unsure + heard, flag.title)
            self._say("  ".join(parts))
            return
        from voiceguard.report import flag_document, one_line

        self._say(one_line({"schema": SCHEMA, "call": call, "flag": flag_document(flag)}))

    def _withdraw(self, call: str, flag: Flag) -> None:
        if self._terminal:
            place = clock(flag.span.start if flag.span else None)
            self._say(f"{call}  {place}  withdrawn  {flag.title}")
            return
        from voiceguard.report import one_line

        self._say(one_line({"schema": SCHEMA, "call": call, "withdrawn": flag.id}))

    @staticmethod
    def _say(line: str) -> None:
        # Bytes: a terminal or pipe of another encoding must not end a run of hours.
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
