"""Options that several commands share, and how settings become the rooms' option values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voiceguard.pipeline import Judge
    from voiceguard.rules import Library
    from voiceguard.settings import Settings

Output = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="DIR", help="Folder for the results; - for stdout."),
]
Formats = Annotated[
    str,
    typer.Option("--format", metavar="LIST",
                 help="json, jsonl, csv, xlsx, srt, vtt, txt, audacity, html; with commas."),
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Rule libraries to use instead.")
]
Ruleset = Annotated[
    str | None,
    typer.Option(
        "--ruleset", metavar="NAME", help="Libraries that apply, with commas, or a ruleset, or all."
    ),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


def load_rules(settings: Settings) -> Library:
    """The rule libraries that the settings ask for."""
    from voiceguard.rules import load_library

    return load_library(settings.rules).only(settings.ruleset)


def make_judge(settings: Settings, library: Library, hints: tuple[str, ...] = ()) -> Judge:
    """Rules and playbook, ready to judge transcripts."""
    from voiceguard.assess import FlagOptions
    from voiceguard.pipeline import Judge
    from voiceguard.rules import load_playbook

    flags = FlagOptions(settings.unsure_below, hints)
    return Judge(library, load_playbook(settings.rules), flags)
