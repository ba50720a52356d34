"""``voiceguard models``: what is here, and fetching what is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voiceguard.transcribe.models import InstalledModel

app = typer.Typer(help="Recogniser models on this machine.", no_args_is_help=True)
ModelDir = Annotated[
    Path | None, typer.Option("--model-dir", metavar="DIR", help="Folder of downloaded models.")
]


@app.command("list")
def list_models(model_dir: ModelDir = None) -> None:
    """Models that are known, their sizes, and which are on this machine."""
    from rich.console import Console
    from rich.table import Table

    from voiceguard.settings import load_settings
    from voiceguard.transcribe.models import catalogue, installed

    folder = load_settings(model_dir=model_dir).model_dir
    here = installed(folder)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "MB", "here"):
        table.add_column(column, overflow="fold")
    shown = set()
    for name, entry in catalogue().items():
        # The first is the one that would be used.
        found = next((m for m in here if m.name == name or m.path.name == entry.file), None)
        shown.add(found.path if found else None)
        table.add_row(name, str(entry.megabytes or "?"), _place(found))
    for model in here:
        if model.path not in shown:
            table.add_row(model.name, str(model.size // 1_000_000), _place(model))
    Console().print(table)


def _place(model: InstalledModel | None) -> str:
    if model is None:
        return ""
    again = " (not complete: pull it again)" if model.complete is False else ""
    return f"{model.path}{again}"


@app.command()
def pull(name: str, model_dir: ModelDir = None) -> None:
    """Download a model, with its checksum; goes on where a broken download stopped."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from voiceguard.settings import load_settings
    from voiceguard.transcribe.models import pull as fetch

    folder = load_settings(model_dir=model_dir).model_dir
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(name, total=None)
        path = fetch(
            name, folder,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(str(path))


@app.command()
def path(name: str, model_dir: ModelDir = None) -> None:
    """Print where a model's file is (exit code 3 where it is missing)."""
    from voiceguard.settings import load_settings
    from voiceguard.transcribe.models import locate

    typer.echo(str(locate(name, load_settings(model_dir=model_dir).model_dir)))
