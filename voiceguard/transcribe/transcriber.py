"""The seam between the house and a recogniser, and the engines behind it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from voiceguard.domain import Engine, Window, Word
from voiceguard.errors import ModelError, UsageError
from voiceguard.transcribe.options import TranscribeOptions

#: Engine name → ``module:Class``; entry points of the group ``voiceguard.engines`` come after.
ENGINES = {
    "faster-whisper": "voiceguard.transcribe.engines.faster_whisper:FasterWhisper",
    "openai-whisper": "voiceguard.transcribe.engines.openai_whisper:OpenAIWhisper",
}
ENTRY_POINTS = "voiceguard.engines"
#: Takes the first of ``FASTEST`` that works here with the model.
AUTO = "auto"
FASTEST = ("faster-whisper", "openai-whisper")


class Transcriber(Protocol):
    """Writes down what windows say.

    Built with ``(checkpoint, options)``. Results come in any order, one for every window, as soon
    as they are there; so the windows of several channels and calls can share a batch.
    """

    def __init__(self, checkpoint: Path, options: TranscribeOptions) -> None: ...

    @property
    def engine(self) -> Engine:
        """What this is, for the report."""

    @property
    def longest(self) -> int:
        """The longest window it takes, in ms; at most 30 s."""

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        """``(window id, words)``; words are in order, with times in the recording, each inside
        one piece of its window."""


def load_transcriber(name: str, checkpoint: Path, options: TranscribeOptions) -> Transcriber:
    """The engine ``name`` with a model file.

    Args:
        name: of an engine, or ``auto`` for the fastest that works here.

    Raises:
        UsageError: there is no such engine, it is not installed, or there is no such device.
        ModelError: the model file can't be used.
    """
    if name == AUTO:
        return _fastest(checkpoint, options)
    target = ENGINES.get(name) or _installed(name)
    if target is None:
        known = ", ".join((AUTO, *sorted(ENGINES)))
        raise UsageError(f"no engine {name!r}", f"choose one of {known}")
    module, _, attribute = target.partition(":")
    factory = getattr(importlib.import_module(module), attribute)
    return cast(Transcriber, factory(checkpoint, options))


def _fastest(checkpoint: Path, options: TranscribeOptions) -> Transcriber:
    """The first engine that takes the model. What is wrong with the model the last one says."""
    import torch

    if options.device == "auto" and torch.cuda.is_available():
        # Better the slower engine on the GPU than the faster one beside it.
        options = replace(options, device="cuda")
    for name in FASTEST[:-1]:
        try:
            return load_transcriber(name, checkpoint, options)
        except (ModelError, UsageError):
            continue  # not installed, no GPU libraries, no room for the converted model, …
    return load_transcriber(FASTEST[-1], checkpoint, options)


def _installed(name: str) -> str | None:
    from importlib.metadata import entry_points

    found = entry_points(group=ENTRY_POINTS, name=name)
    return next((point.value for point in found), None)
