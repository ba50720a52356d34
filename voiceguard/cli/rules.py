"""``voiceguard rules``: look at rule libraries and check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voiceguard.cli.options import Rules

if TYPE_CHECKING:
    from voiceguard.rules import Rule

app = typer.Typer(help="Look at rule libraries and check them.", no_args_is_help=True)


@app.command("list")
def list_rules(
    rules: Rules = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
) -> None:
    """List rules: id, severity, roles, title."""
    from voiceguard.rules import load_library

    for rule in load_library(rules).rules:
        if category in (None, rule.category):
            roles = ",".join(sorted(rule.roles))
            typer.echo(f"{rule.id}\t{rule.severity}\t{roles}\t{rule.title[0]}\t{rule.title[1]}")


@app.command()
def lint(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Rule folder.")] = None,
) -> None:
    """Check rule files; every problem with file and line (exit code 2 where there is one)."""
    from voiceguard.rules import load_library, load_playbook

    library = load_library(folder)
    load_playbook(folder)
    typer.echo(f"{len(library.rules)} rules in {len(library.used.libraries)} libraries: no problem")


@app.command()
def test(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Rule folder.")] = None,
    noise: Annotated[
        bool, typer.Option("--noise", help="Also with a recogniser's errors: 5, 10 and 15 %.")
    ] = False,
) -> None:
    """Run every rule on its own examples (exit code 1 where one comes out wrong)."""
    from voiceguard.evaluate import check_examples
    from voiceguard.rules import load_library

    library = load_library(folder)
    rules, guards = library.rules, library.guards
    failures = check_examples(rules, guards)
    for f in failures:
        shown = " / ".join(f.text.split("\n"))
        want = "should be flagged" if f.expected == "hit" else "should not be flagged"
        typer.echo(f"{f.file}:{f.line}: {f.rule}: {want}: {shown}", err=True)
    tried = [(r.hits, r.misses) for r in rules] + [(g.hits, g.misses) for g in guards]
    examples = sum(len(hits) + len(misses) for hits, misses in tried)
    typer.echo(f"{len(rules)} rules, {examples} examples, {len(failures)} wrong")
    if noise:
        _noise(rules)
    if failures:
        raise typer.Exit(1)


def _noise(rules: tuple[Rule, ...]) -> None:
    """Print how much recall is left at each rate of errors, and the rules that lose most."""
    from voiceguard.evaluate import recall_kept

    rates = (0.05, 0.10, 0.15)
    kept = recall_kept(rules, rates)
    for rate in rates:
        mine = [k for k in kept if k.rate == rate]
        share = sum(k.kept for k in mine) / sum(k.heard for k in mine)
        typer.echo(f"{rate:.0%} of the characters wrong: {share:.1%} of the examples still hit")
    weakest = sorted((k for k in kept if k.rate == rates[-1]), key=lambda k: k.kept / k.heard)
    for k in weakest[:5]:
        typer.echo(f"  weakest at {k.rate:.0%}: {k.rule} ({k.kept} of {k.heard})")


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors that check YAML while you type."""
    import json

    from voiceguard.rules.json_schema import rule_file_schema

    typer.echo(json.dumps(rule_file_schema(), ensure_ascii=False, indent=1))
