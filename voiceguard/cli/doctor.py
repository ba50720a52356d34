"""``voiceguard doctor``: what works on this machine, and how to mend what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_STYLE = {"ok": "green", "limited": "yellow", "missing": "red"}


def doctor(
    model_dir: Annotated[
        Path | None, typer.Option("--model-dir", metavar="DIR", help="Folder of downloaded models.")
    ] = None,
) -> None:
    """Check codecs, engines, models, precision and GPU (exit code 1 where something is missing)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from voiceguard.doctor import examine
    from voiceguard.settings import load_settings

    findings = examine(load_settings(model_dir=model_dir).model_dir)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("area", "what", "", "found", "what to do"):
        table.add_column(column, overflow="fold")
    for f in findings:
        table.add_row(f.area, f.name, Text(f.ok, _STYLE[f.ok]), Text(f.detail), Text(f.remedy))
    Console().print(table)
    if any(f.ok == "missing" for f in findings):
        raise typer.Exit(1)
