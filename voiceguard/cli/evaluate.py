"""``voiceguard eval``: rules against labelled calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from voiceguard.cli.options import Config, Rules, Ruleset


def evaluate(
    labelled: Annotated[list[Path], typer.Argument(metavar="LABELLED…", help="Labelled JSONL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    rules: Rules = None,
    ruleset: Ruleset = None,
    config: Config = None,
) -> None:
    """Precision, recall and F1 of the flags, by category, on labelled calls."""
    from rich.console import Console
    from rich.table import Table

    from voiceguard.cli.options import load_rules, make_judge
    from voiceguard.evaluate import score_calls
    from voiceguard.ingest import read_labelled
    from voiceguard.settings import load_settings

    settings = load_settings(config, rules=rules, ruleset=ruleset)
    judge = make_judge(settings, load_rules(settings))
    calls = [call for path in labelled for call in read_labelled(path)]
    scores = score_calls((judge.judge(c.transcript), c.labels) for c in calls)
    if as_json:
        document = {s.name: s.as_dict() for s in scores}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("category", "labelled", "flagged", "right", "precision", "recall", "F1"):
        table.add_column(column, justify="left" if column == "category" else "right")
    for s in scores:
        rates = ("–" if v is None else f"{v:.2f}" for v in (s.precision, s.recall, s.f1))
        table.add_row(s.name, str(s.labelled), str(s.flagged), str(s.right), *rates)
    Console().print(table)
