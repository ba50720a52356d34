"""Where results go: files of every format, or lines on stdout; and the table a person sees."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguard.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from voiceguard.domain import CallReport
    from voiceguard.report import Exhibit
    from voiceguard.rules import Library


def titles(library: Library) -> dict[str, tuple[str, str]]:
    """Category id → (Chinese, English)."""
    return {c.id: (c.zh, c.en) for c in library.categories}


class Results:
    """Writes each call as soon as it is done, and what gathers many calls at the end.

    Args:
        output: a folder, ``-`` for stdout, None for no files.
        formats: names, comma-separated.
        names: call id → stem of its files.
        inputs: files never to be overwritten.

    Raises:
        UsageError: an unknown format, or several for stdout.
    """

    #: Formats of which a single file for all calls is what people want.
    _TABLES = ("csv", "xlsx")

    def __init__(
        self, output: str | None, formats: str, names: Mapping[str, str], inputs: Sequence[Path]
    ) -> None:
        from voiceguard.report import exporter

        self._formats = list(dict.fromkeys(f.strip() for f in formats.split(",") if f.strip()))
        for name in self._formats:
            exporter(name)
        if not self._formats:
            raise UsageError("--format names no format")
        if output == "-" and len(self._formats) != 1:
            raise UsageError("only one format can be written to stdout", "give one with --format")
        self._output, self._names, self._inputs = output, names, inputs
        self._kept: list[Exhibit] = []

    @property
    def wants_audio(self) -> bool:
        """Whether any format carries the recording's sound."""
        return self._output is not None and "html" in self._formats

    def add(self, exhibit: Exhibit) -> None:
        """Write one call. Raises OutputError where its files can't be written."""
        from voiceguard.report import export, exporter

        if self._output is None:
            return
        if self._output == "-":
            # One JSON line a call: what follows in a pipe reads lines.
            name = "jsonl" if self._formats == ["json"] else self._formats[0]
            if name in self._TABLES:
                self._kept.append(exhibit)
                return
            exporter(name).write([exhibit], sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        if any(f in self._TABLES for f in self._formats):
            from dataclasses import replace

            self._kept.append(replace(exhibit, audio=None, peaks=()))
        single = [f for f in self._formats if f not in self._TABLES]
        if single:
            stem = self._names[exhibit.report.id]
            export(exhibit, single, Path(self._output), stem, keep=self._inputs)

    def finish(self) -> None:
        """Write the tables of all calls."""
        from voiceguard.report import exporter, gather

        if not self._kept:
            return
        if self._output == "-":
            exporter(self._formats[0]).write(self._kept, sys.stdout.buffer)
            return
        tables = [f for f in self._formats if f in self._TABLES]
        gather(self._kept, tables, Path(str(self._output)), "calls", keep=self._inputs)


_RISK = {"high": "bold red", "medium": "yellow", "low": "cyan", "none": "green"}
_SEVERITY = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def show(
    console: Console, reports: Sequence[CallReport], names: Mapping[str, tuple[str, str]],
    *, flags_too: bool = True,
) -> None:
    """A table of flags, if wanted, and a line for each call."""
    from rich.table import Table
    from rich.text import Text

    flags = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("call", "time", "severity", "category", "heard", "rule"):
        flags.add_column(column, overflow="fold")
    for report in reports:
        for flag in report.flags:
            heard = flag.text if flag.how in ("exact", "regex") else f"{flag.text} ~ {flag.matched}"
            flags.add_row(
                report.id, clock(flag.span.start if flag.span else None),
                Text(flag.severity, _SEVERITY[flag.severity]),
                names.get(flag.category, (flag.category, ""))[0],
                ("? " if flag.needs_listening else "") + heard, flag.title,
            )
    if flags.row_count and flags_too:
        console.print(flags)
        console.print()
    calls = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("call", "length", "risk", "score", "flags", "what to do"):
        calls.add_column(column, overflow="fold")
    for report in reports:
        a, recording = report.assessment, report.transcript.recording
        what = a.actions[0].title.split(" / ")[0] if a.actions else ""
        calls.add_row(
            report.id, clock(recording.duration if recording else None),
            Text(a.risk or "not assessable", _RISK.get(a.risk or "", "magenta")),
            "" if a.score is None else str(a.score), str(len(report.flags)),
            f"{a.disposition}{'：' if what else ''}{what}",
        )
    console.print(calls)


def clock(ms: int | None) -> str:
    """``61234`` → ``1:01.2``; empty where the time is not known."""
    if ms is None:
        return ""
    return f"{ms // 60000}:{ms // 1000 % 60:02d}.{ms // 100 % 10}"
