"""``voiceguard scan``: transcripts or earlier reports → reports, without audio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from voiceguard.cli.options import Config, Formats, Output, Quiet, Rules, Ruleset


def scan(
    transcripts: Annotated[
        list[Path],
        typer.Argument(metavar="TRANSCRIPT…", help="json, jsonl, srt, vtt, txt; - for stdin."),
    ],
    output: Output = "-",
    formats: Formats = "json",
    rules: Rules = None,
    ruleset: Ruleset = None,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """Flag what needs attention in transcripts; one JSON line a call, in input order."""
    from rich.console import Console

    from voiceguard.cli.options import load_rules, make_judge
    from voiceguard.cli.results import Results, show, titles
    from voiceguard.errors import OutputError, TranscriptError
    from voiceguard.ingest import read_transcripts
    from voiceguard.report import Exhibit
    from voiceguard.settings import load_settings

    settings = load_settings(config, rules=rules, ruleset=ruleset)
    library = load_rules(settings)
    judge = make_judge(settings, library)
    names = _Names()
    results = Results(output, formats, names, transcripts)
    failed, reports = False, []
    for path in transcripts:
        stdin = str(path) == "-"
        for item in read_transcripts(None, sys.stdin.buffer) if stdin else read_transcripts(path):
            try:
                if isinstance(item, TranscriptError):
                    raise item
                for notice in item.notices:
                    if not quiet and notice.turn is None:
                        print(f"warning: {path}: {notice.message}", file=sys.stderr)
                report = judge.judge(item)
                reports.append(report)
                results.add(Exhibit(report, titles(library)))
            except (TranscriptError, OutputError) as error:
                failed = True
                print(f"error: {error}", file=sys.stderr)
    results.finish()
    if output != "-" and not quiet and reports:
        show(Console(), reports, titles(library))
    if failed:
        raise typer.Exit(1)


class _Names(dict[str, str]):
    """Call id → stem of its files, a new one each time it is asked: two transcripts may carry the
    same id, and neither may be lost."""

    def __init__(self) -> None:
        super().__init__()
        self._taken = ["calls"]

    def __getitem__(self, call: str) -> str:
        from voiceguard.report import name_outputs

        (stem,) = name_outputs([call], taken=self._taken)
        self._taken.append(stem)
        return stem
