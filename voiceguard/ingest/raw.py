"""Bytes that strangers hand us → text and JSON values, with a typed error for everything else."""

from __future__ import annotations

import codecs
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from voiceguard.errors import TranscriptError

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(strict=False)  # a bare tab or line end inside a string is no harm


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read before it is called too large; bytes."""

    file: int = 128 << 20  # a .json file, which must be read as a whole
    line: int = 32 << 20  # a line of a .jsonl file, of which there may be any number
    text: int = 16 << 20  # .txt, .srt, .vtt, tables


def shown(path: Path) -> str:
    """``path`` for messages and ids: bytes that are no text as ``\\udc81``."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def mended(text: str) -> str:
    """``text`` with halves of surrogate pairs, which no file can hold, replaced."""
    return _SURROGATES.sub("\ufffd", text)


def open_input(path: Path) -> BinaryIO:
    """``path`` for reading: a file or a pipe.

    Raises:
        TranscriptError: not there, a folder, a device, no permission.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise TranscriptError(f"{shown(path)} is a folder", "name the files in it")
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise TranscriptError(f"{shown(path)} is neither a file nor a pipe")
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise unreadable(shown(path), error) from None


def unreadable(name: str, error: Exception) -> TranscriptError:
    """The error for a file that the system does not give us."""
    if isinstance(error, FileNotFoundError):
        return TranscriptError(f"{name} does not exist")
    if isinstance(error, PermissionError):
        return TranscriptError(f"{name} can't be read: no permission")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "bad name"
    return TranscriptError(f"{name} can't be read: {reason}")


def chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The rest of ``stream``.

    Raises:
        TranscriptError: reading failed.
    """
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except (OSError, ValueError) as error:
            raise unreadable(name, error) from None
        if not chunk:
            return
        yield chunk


def whole(parts: Iterator[bytes], name: str, limit: int) -> bytes:
    """All of ``parts``.

    Raises:
        TranscriptError: more than ``limit`` bytes.
    """
    out = bytearray()
    for part in parts:
        out += part
        if len(out) > limit:
            raise TranscriptError(f"{name} is too large: more than {size(limit)}", "split the file")
    return bytes(out)


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        TranscriptError: can't be read, or more than ``limit`` bytes.
    """
    with open_input(path) as stream:
        return whole(chunks(stream, shown(path)), shown(path), limit)


def lines(parts: Iterator[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their 1-based numbers, without line ends; None for one longer than ``limit``."""
    number, held, too_long = 1, bytearray(), False
    for part in parts:
        *ended, rest = part.split(b"\n")
        for piece in ended:
            too_long = too_long or len(held) + len(piece) > limit
            yield number, None if too_long else bytes(held + piece)
            number, held, too_long = number + 1, bytearray(), False
        if too_long or len(held) + len(rest) > limit:
            held, too_long = bytearray(), True
        else:
            held += rest
    if held or too_long:
        yield number, None if too_long else bytes(held)


def decode(data: bytes, place: str) -> tuple[str, int]:
    """Text from UTF-8 or UTF-16 (by its mark), else GB18030; and how many places are damaged.

    Damaged text keeps U+FFFD where it was damaged.

    Raises:
        TranscriptError: it is none of these.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        return text, text.count("\ufffd")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8"), 0
    except UnicodeDecodeError:
        pass
    as_utf8, intact = data.decode("utf-8", "replace"), len(_MULTIBYTE.findall(data))
    damaged = as_utf8.count("\ufffd")
    # GB18030 taken for UTF-8 is damaged nearly everywhere, UTF-8 with a wrong byte nearly nowhere.
    if damaged * 4 < intact:
        return as_utf8, damaged
    text = data.decode("gb18030", "replace")
    lost = text.count("\ufffd")
    if lost * 20 <= sum(not char.isascii() for char in text):
        return text, lost
    if damaged <= intact:
        return as_utf8, damaged
    raise TranscriptError(f"{place}: the text is neither UTF-8 nor GB18030", "save it as UTF-8")


def json_values(text: str, place: str, line: int = 1) -> Iterator[tuple[int, Any]]:
    """The values in ``text`` one after the other, those of a list one by one.

    Yields:
        ``(line, value)``, or ``(line, TranscriptError)`` and then no more, because what follows
        broken JSON can't be told apart.
    """
    at, counted, inside = 0, 0, False
    while True:
        at = _after_space(text, at)
        if at == len(text) and not inside:
            return
        if not inside and text[at] == "[":
            at, inside = _after_space(text, at + 1), True
            if text[at : at + 1] == "]":
                at, inside = at + 1, False
                continue
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _DECODER.raw_decode(text, at)
            yield line, value
            if inside:
                at, inside = _next_item(text, at)
        except (ValueError, RecursionError) as error:
            yield line, _json_error(error, place, text, line, counted)
            return


def json_line(data: bytes, place: str) -> tuple[Any, int]:
    """The value of a line, and how many places in it are damaged.

    Raises:
        TranscriptError: no JSON, or more than one value.
    """
    text, damaged = decode(data, place)
    try:
        return _DECODER.decode(text), damaged
    except (ValueError, RecursionError) as error:
        raise _json_error(error, place, text, None, 0) from None


def size(count: int) -> str:
    """``count`` bytes for people."""
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= step:
            return f"{count / step:.3g} {unit}"
    return f"{count} bytes"


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _next_item(text: str, end: int) -> tuple[int, bool]:
    """Past the comma or bracket after an item; whether the list goes on."""
    end = _after_space(text, end)
    if text[end : end + 1] == ",":
        return end + 1, True
    if text[end : end + 1] == "]":
        return end + 1, False
    raise json.JSONDecodeError("Expecting ',' delimiter", text, end)


def _json_error(
    error: Exception, place: str, text: str, line: int | None, counted: int
) -> TranscriptError:
    """Says where, never what: the text may be spoken. ``line`` None: ``place`` holds it already."""
    if isinstance(error, json.JSONDecodeError):
        column = error.pos - text.rfind("\n", 0, error.pos)
        where = f"{place}:{line + text.count(chr(10), counted, error.pos)}" if line else place
        what = error.msg.split(":")[0]
        return TranscriptError(f"{where}: not valid JSON at column {column}: {what}")
    where = f"{place}:{line}" if line else place
    if isinstance(error, RecursionError):
        return TranscriptError(f"{where}: the JSON is nested too deeply")
    return TranscriptError(f"{where}: the JSON holds a number that is too long")
