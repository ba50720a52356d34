"""Files and streams → transcripts, one after the other, each as good or bad as it is by itself."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from voiceguard.domain import Notice, Transcript
from voiceguard.errors import TranscriptError
from voiceguard.ingest import notices, raw
from voiceguard.ingest.raw import Limits
from voiceguard.ingest.transcripts.contract import Built, build
from voiceguard.ingest.transcripts.cues import TIMING, read_cues
from voiceguard.ingest.transcripts.lines import read_lines

_HEAD = 1 << 16
_KINDS = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".srt": "cues", ".vtt": "cues",
    ".txt": "lines", ".text": "lines", "": "lines",
}  # fmt: skip
_TEXT_KINDS = {"cues": read_cues, "lines": read_lines}
_OBJECT = re.compile(rb'\{\s*("|\})')
_LIST = re.compile(rb"\[\s*(\{|\])")
_OBJECT_LINE = re.compile(rb'^\{[ \t]*".*\}[ \t\r]*$', re.M)
_PRETTY = re.compile(rb"\{[ \t\r]*\n")  # an object over several lines
_Item = Callable[[str], Built] | TranscriptError  # from the id, where the item has none itself
_CUE = re.compile(rb"^" + TIMING.pattern.encode("ascii"), re.M)


def read_transcripts(
    path: Path | None, data: bytes | BinaryIO | None = None, *, limits: Limits | None = None
) -> Iterator[Transcript | TranscriptError]:
    """The transcripts of a file, in order: of each either the transcript or why there is none.

    Nothing is raised. What a file is, is told by its content and, where that may be anything, by
    its suffix (.json, .jsonl, .srt, .vtt, .txt). A .jsonl file is read line by line.

    Args:
        path: names the calls that have no id: ``stem``, or ``stem#2`` for the second of several.
            None for a stream without a name.
        data: what is read instead of opening ``path``; must be given where that is None.
        limits: above which a file or line is refused.
    """
    for built in read_built(path, data, limits=limits):
        yield built.transcript if isinstance(built, Built) else built


def read_built(
    path: Path | None, data: bytes | BinaryIO | None = None, *, limits: Limits | None = None
) -> Iterator[Built | TranscriptError]:
    """Like ``read_transcripts``, with the documents that the transcripts were built from."""
    limits = limits or Limits()
    name = raw.shown(path) if path is not None else "stdin"
    if data is None:
        if path is None:
            yield TranscriptError("no transcript was given")
            return
        try:
            with raw.open_input(path) as stream:
                yield from _calls(stream, path, name, limits)
        except TranscriptError as error:
            yield error
        return
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    yield from _calls(stream, path, name, limits)


def _calls(
    stream: BinaryIO, path: Path | None, name: str, limits: Limits
) -> Iterator[Built | TranscriptError]:
    """Every call of the file, with its id, and with what is told once a file."""
    stem = raw.shown(Path(path.stem)) if path is not None else "stdin"
    suffix = path.suffix.lower() if path is not None else ""
    told, ids = False, set[str]()
    for number, call_id, item in _named(_items(stream, name, suffix, limits), stem):
        try:
            if isinstance(item, TranscriptError):
                raise item
            built = item(call_id)
        except TranscriptError as error:
            yield error
            continue
        transcript = built.transcript
        added: list[Notice] = []
        if built.unknown and not told:
            told = True
            added.append(notices.unknown_keys(built.unknown))
        if transcript.id in ids:
            added.append(notices.duplicate_id(number))
        ids.add(transcript.id)
        yield _noted(built, *added)


def _named(items: Iterator[_Item], stem: str) -> Iterator[tuple[int, str, _Item]]:
    """Items with their numbers from 1 and the ids they have where they bring none."""
    ahead = list(islice(items, 2))
    for number, item in enumerate(chain(ahead, items), 1):
        yield number, f"{stem}#{number}" if len(ahead) > 1 else stem, item


def _items(stream: BinaryIO, name: str, suffix: str, limits: Limits) -> Iterator[_Item]:
    try:
        parts = raw.chunks(stream, name)
        head = b"".join(islice(parts, 1))
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = raw.whole(chain([head], parts), name, limits.text)
            head, parts = raw.decode(data, name)[0].encode("utf-8", "replace"), iter(())
        start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:_HEAD]
        kind = _kind(start, name, suffix)
        parts = chain([head], parts)
        if kind == "jsonl":
            yield from _json_lines(parts, name, limits.line)
        elif kind == "json":
            yield from _json(raw.whole(parts, name, limits.file), name)
        else:
            data = raw.whole(parts, name, limits.text)
            yield partial(_from_text, _TEXT_KINDS[kind], *raw.decode(data, name), name)
    except TranscriptError as error:
        yield error


def _kind(start: bytes, name: str, suffix: str) -> str:
    """What the file is, by its first bytes (without blanks before them), else by its suffix.

    Raises:
        TranscriptError: nothing that this room reads.
    """
    if not start:
        raise TranscriptError(f"{name} is empty")
    by_suffix = _KINDS.get(suffix)
    begins = start.startswith(b"{")
    # Whole objects in lines of their own: also where the first line is a broken one.
    may_be_json = begins or suffix == "" or by_suffix in ("json", "jsonl")
    if may_be_json:
        whole_lines = sum(1 for _ in islice(_OBJECT_LINE.finditer(start), 2))
        # The items of a list end in commas, but for the last.
        if whole_lines > (1 if _LIST.match(start) else 0):
            return "jsonl"
    if begins and suffix == "" and b"\n" not in start:
        return "jsonl"
    if by_suffix == "jsonl" and not (_LIST.match(start) or _PRETTY.match(start)):
        return "jsonl"
    if _OBJECT.match(start) or _LIST.match(start):
        return "json"
    if start.startswith(b"WEBVTT") or _CUE.search(start):
        return "cues"
    if by_suffix is None or (by_suffix == "lines" and b"\0" in start):
        raise TranscriptError(
            f"{name} is not a transcript", "transcripts are .json, .jsonl, .srt, .vtt or .txt"
        )
    return by_suffix


def _json_lines(parts: Iterator[bytes], name: str, limit: int) -> Iterator[_Item]:
    empty = True
    for number, line in raw.lines(parts, limit):
        place = f"{name}:{number}"
        if line is None:
            empty = False
            yield TranscriptError(f"{place}: the line is longer than {raw.size(limit)}")
        elif line.removeprefix(codecs.BOM_UTF8).strip():
            empty = False
            yield partial(_from_line, line, place)
    if empty:
        yield TranscriptError(f"{name} is empty")


def _json(data: bytes, name: str) -> Iterator[_Item]:
    text, damaged = raw.decode(data, name)
    empty = True
    for line, value in raw.json_values(text, name):
        empty = False
        if isinstance(value, TranscriptError):
            yield value
        else:
            yield partial(_from_value, value, f"{name}:{line}", damaged)
            damaged = 0  # told with the first
    if empty:
        yield TranscriptError(f"{name} holds no transcript")


def _from_line(line: bytes, place: str, call_id: str) -> Built:
    value, damaged = raw.json_line(line, place)
    return _from_value(value, place, damaged, call_id)


def _from_value(value: Any, place: str, damaged: int, call_id: str) -> Built:
    built = build(value, place, call_id)
    return _noted(built, notices.damaged_text(damaged)) if damaged else built


def _from_text(
    read: Callable[[str, str, str], Transcript], text: str, damaged: int, name: str, call_id: str
) -> Built:
    built = Built(read(text, name, call_id), name)
    return _noted(built, notices.damaged_text(damaged)) if damaged else built


def _noted(built: Built, *added: Notice) -> Built:
    if not added:
        return built
    transcript = built.transcript
    return replace(
        built, transcript=replace(transcript, notices=(*transcript.notices, *added))
    )  # fmt: skip
