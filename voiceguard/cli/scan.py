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
        typer.Argument(metavar="TRANSCRIPT…", help=".json, .jsonl, .srt, .vtt, .txt, or reports."),
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
    from voiceguard.report import Exhibit, name_outputs
    from voiceguard.settings import load_settings

    settings = load_settings(config, rules=rules, ruleset=ruleset)
    library = load_rules(settings)
    judge = make_judge(settings, library)
    names = _Names(name_outputs)
    results = Results(output, formats, names, transcripts)
    failed, reports = False, []
    for path in transcripts:
        for item in read_transcripts(path):
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
    """Call id → stem of its files, given out as the calls come."""

    def __init__(self, name_outputs: object) -> None:
        super().__init__()
        self._make = name_outputs

    def __missing__(self, call: str) -> str:
        # Not kept by id: two transcripts may carry the same one, and neither may be lost.
        stem: str = self._make([call], taken=list(self._used))[0]  # type: ignore[operator]
        self._used.append(stem)
        return stem

    @property
    def _used(self) -> list[str]:
        return self.__dict__.setdefault("used", [])
