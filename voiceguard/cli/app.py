"""The command ``voiceguard``: its sub-commands, and how any error becomes one line and a code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from voiceguard import __version__
from voiceguard.cli import analyze, doctor, evaluate, models, rules, scan
from voiceguard.errors import RulesError, VoiceGuardError


class _Commands(TyperGroup):
    """Turns every error of ours, and an interruption, into a line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RulesError as error:
            for problem in error.problems:
                _say(str(problem))
            _say(f"error: {error}")
            raise typer.Exit(error.exit_code) from None
        except VoiceGuardError as error:
            _say(f"error: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _say("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    name="voiceguard",
    cls=_Commands,
    help="Find anti-collection coaching, agent interference and fraud in call recordings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analyze.analyze)
app.command("scan")(scan.scan)
app.add_typer(rules.app, name="rules")
app.command("eval")(evaluate.evaluate)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voiceguard {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the command as a whole."""


def main() -> None:
    """Run the command and exit with its code."""
    try:
        app()
    except BrokenPipeError:
        # The reader has gone (as with `| head`); nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
