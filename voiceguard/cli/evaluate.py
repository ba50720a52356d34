"""``voiceguard eval``: rules against labelled calls."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voiceguard.cli.options import Config, Rules, Ruleset

if TYPE_CHECKING:
    from voiceguard.evaluate import Evaluation


def evaluate(
    labelled: Annotated[list[Path], typer.Argument(metavar="LABELLED…", help="Labelled JSONL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    noise: Annotated[
        float,
        typer.Option(min=0, max=0.5, help="Share of characters to mishear, as a recogniser does."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the misheard characters.")] = 0,
    errors: Annotated[
        int, typer.Option(min=0, help="Show so many of the worst false alarms and misses.")
    ] = 0,
    by_rule: Annotated[bool, typer.Option("--by-rule", help="Also rule by rule.")] = False,
    rules: Rules = None,
    ruleset: Ruleset = None,
    config: Config = None,
) -> None:
    """Precision, recall and F1 of the flags on labelled calls, by category."""
    from voiceguard.cli.options import load_rules, make_judge
    from voiceguard.evaluate import evaluate_calls, garbled
    from voiceguard.ingest import read_labelled
    from voiceguard.settings import load_settings

    settings = load_settings(config, rules=rules, ruleset=ruleset)
    judge = make_judge(settings, load_rules(settings))
    calls = [call for path in labelled for call in read_labelled(path)]
    heard = (garbled(c.transcript, noise, seed) if noise else c.transcript for c in calls)
    result = evaluate_calls(
        (judge.judge(transcript), call.labels)
        for transcript, call in zip(heard, calls, strict=True)
    )
    if as_json:
        typer.echo(json.dumps(_document(result, noise, seed), ensure_ascii=False, indent=1))
        return
    _print(result, by_rule)
    _print_errors(result, errors)


def _document(result: Evaluation, noise: float, seed: int) -> dict[str, Any]:
    """The scores by name, then what explains them."""
    return {
        **{s.name: s.as_dict() | {"interval": result.intervals.get(s.name, {})}
           for s in result.scores},
        "noise": noise, "seed": seed,
        "rules": {s.name: {"flagged": s.flagged, "right": s.right, "precision": s.precision}
                  for s in result.rules},
        "false_alarms": [
            {"call": a.call, "turn": a.turn, "rule": a.flag.rule, "category": a.flag.category,
             "severity": a.flag.severity, "innocent": a.innocent}
            for a in result.false_alarms
        ],
        "misses": [asdict(m) for m in result.misses],
    }


def _print(result: Evaluation, by_rule: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("category", "labelled", "flagged", "right", "precision", "recall", "F1",
                   "F1, 95 %"):
        table.add_column(column, justify="left" if column == "category" else "right")
    for s in result.scores:
        rates = ("–" if v is None else f"{v:.2f}" for v in (s.precision, s.recall, s.f1))
        low, high = result.intervals.get(s.name, {}).get("f1", (None, None))
        sure = "–" if low is None or high is None else f"{low:.2f}–{high:.2f}"
        table.add_row(s.name, str(s.labelled), str(s.flagged), str(s.right), *rates, sure)
    Console().print(table)
    if not by_rule:
        return
    rules = Table("rule", box=None, pad_edge=False, header_style="bold")
    for column in ("flagged", "right", "precision"):
        rules.add_column(column, justify="right")
    for s in sorted(result.rules, key=lambda s: (s.precision or 0.0, -s.flagged)):
        rules.add_row(s.name, str(s.flagged), str(s.right), f"{s.precision or 0.0:.2f}")
    Console().print(rules)


def _print_errors(result: Evaluation, most: int) -> None:
    for alarm in result.false_alarms[:most]:
        call = "an innocent call" if alarm.innocent else "the turn is not labelled so"
        typer.echo(f"false alarm: {alarm.call} turn {alarm.turn}: {alarm.flag.rule} "
                   f"({alarm.flag.severity}; {call}): {alarm.flag.text}")
    for miss in result.misses[:most]:
        call = "; nothing right in this call" if miss.unseen else ""
        typer.echo(f"miss: {miss.call} turn {miss.turn}: {miss.category}{call}")
