"""What is known about a call from beside its recording: a sidecar file, or the file's own name."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from voiceguard.domain import CallInfo
from voiceguard.errors import UsageError
from voiceguard.ingest import raw
from voiceguard.ingest.columns import FILE, key_of
from voiceguard.ingest.scalars import only, typed

_MAX_SIDECAR = 1 << 20  # bytes; metadata is small, what is larger is a transcript
_FIELD = re.compile(r"\{([^{}]*)\}")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_IGNORED = ("", "_")


def sidecar(path: Path) -> CallInfo:
    """From ``call.wav.json`` or ``call.json`` beside ``call.wav``: an object of single values.

    Known headers (``坐席工号``, ``AgentID``) become keys, other keys stay. Empty where there is no
    such file, or it is a transcript or report.

    Raises:
        TranscriptError: the file is there, but can't be read.
    """
    if not path.name:
        return CallInfo()
    for candidate in (path.with_name(path.name + ".json"), path.with_suffix(".json")):
        if candidate == path or not _is_small_file(candidate):
            continue
        found = _flat(candidate)
        if found is not None:
            return found
    return CallInfo()


def from_filename(pattern: str, path: Path) -> CallInfo:
    """From the name without suffix, such as ``{agent_id}_{customer_id}_{started_at}``.

    ``{_}`` stands for a part that means nothing. With ``/`` in the pattern folders take part. A
    field ends where the text after it first occurs. Empty where the name does not fit.

    Raises:
        UsageError: a pattern without fields, with two fields and nothing between, or with a field
            that is no key.
    """
    parts = _compiled(pattern)
    depth = pattern.count("/")
    whole = path.absolute().with_suffix("") if path.name else path
    text = "/".join(whole.parts[-depth - 1 :])
    if not text.startswith(parts[0]):
        return CallInfo()
    at, found = len(parts[0]), {}
    for index, (field, after) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        if index == len(parts) // 2 - 1:
            end = len(text) - len(after)
            end = end if text.endswith(after) else -1
        else:
            end = text.find(after, at + 1)
        if end <= at:
            return CallInfo()
        value = text[at:end]
        if "/" in value:
            return CallInfo()
        if field not in _IGNORED:
            found[field] = typed(field, value)
        at = end + len(after)
    return CallInfo.of(found)


@functools.lru_cache(maxsize=16)
def _compiled(pattern: str) -> tuple[str, ...]:
    """Text, field, text, field … text."""
    parts = _FIELD.split(pattern)
    fields, between = parts[1::2], parts[2:-1:2]
    why = None
    if not fields:
        why = "it has no field such as {agent_id}"
    elif any("{" in text or "}" in text for text in parts[::2]):
        why = "a brace is not closed or not opened"
    elif any(field not in _IGNORED and not _KEY.fullmatch(field) for field in fields):
        why = "a field is lower-case letters, digits and _, such as {customer_id}"
    elif not all(between):
        why = "something must stand between two fields"
    elif len(named := [f for f in fields if f not in _IGNORED]) > len(set(named)):
        why = "a field occurs twice"
    if why:
        raise UsageError(f"file-name pattern {pattern!r}: {why}")
    return tuple(parts)


def _is_small_file(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _MAX_SIDECAR
    except (OSError, ValueError):
        return False


def _flat(path: Path) -> CallInfo | None:
    """None where the file is something else than metadata."""
    value, _ = raw.json_line(raw.read_file(path, _MAX_SIDECAR), raw.shown(path))
    if not isinstance(value, dict) or "turns" in value or _is_ours(value.get("schema")):
        return None
    entries, _ = only(value)
    keyed = {key_of(key) or key: value for key, value in entries.items()}
    keyed.pop(FILE, None)
    return CallInfo.of({key: typed(key, value) for key, value in keyed.items()})


def _is_ours(schema: object) -> bool:
    return isinstance(schema, str) and schema.startswith("voiceguard.")
