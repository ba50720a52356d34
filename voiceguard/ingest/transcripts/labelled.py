"""Labelled calls for ``eval``: a transcript, and what people say should be flagged in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceguard.domain import RISKS, Risk, Transcript
from voiceguard.errors import TranscriptError
from voiceguard.ingest.transcripts.contract import Built
from voiceguard.ingest.transcripts.reading import read_built


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A call with the truth about it.

    Attributes:
        risk: None where nobody judged the call as a whole.
        labels: for every turn the categories that it should be flagged with.
    """

    transcript: Transcript
    risk: Risk | None
    labels: tuple[frozenset[str], ...]


def read_labelled(path: Path) -> Iterator[LabelledCall]:
    """The labelled calls of a transcript file, in order.

    Raises:
        TranscriptError: an item is broken or not labelled: a measure over the rest would mislead.
    """
    for built in read_built(path):
        if isinstance(built, TranscriptError):
            raise built
        yield _labelled(built, built.place)


def _labelled(built: Built, place: str) -> LabelledCall:
    document = built.document
    if document is None:
        raise TranscriptError(f"{place}: has no labels", "labelled calls are .json or .jsonl")
    if document.risk not in (None, *RISKS):
        raise TranscriptError(f"{place}: risk is not one of {', '.join(RISKS)}")
    labels = tuple(
        _names(turn.labels, f"{place}: turns[{index}].labels")
        for index, turn in enumerate(document.turns)
    )
    if document.risk is None and all(turn.labels is None for turn in document.turns):
        raise TranscriptError(f"{place}: has no labels", "turns[].labels are lists of categories")
    return LabelledCall(built.transcript, document.risk, labels)


def _names(value: Any, place: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TranscriptError(f"{place} is not a list of categories")
    return frozenset(value)
