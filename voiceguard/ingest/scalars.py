"""Metadata values: single texts, numbers and truths, of the types that the keys promise."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from voiceguard.domain import Scalar
from voiceguard.ingest.raw import mended

MAX_TEXT = 2_000
_IDS = {"call_id", "customer_id", "agent_id", "number"}
_DIRECTIONS = {
    **dict.fromkeys(("呼入", "来电", "in", "inbound", "incoming"), "inbound"),
    **dict.fromkeys(("呼出", "外呼", "去电", "out", "outbound", "outgoing"), "outbound"),
}
_DAY = r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?"
_CLOCK = r"(?:[T\s_]+(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})秒?)?分?)?"
_WRITTEN = re.compile(_DAY + _CLOCK)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T_\-]?(\d{2})(\d{2})(\d{2})?)?")


def only(values: Any, *, keep_none: bool = False) -> tuple[dict[str, Scalar], int]:
    """The entries of an object that are single values as they are, and how many others it has.

    Numbers that are not finite are not known; anything but an object is one entry too many.
    """
    if values is None:
        return {}, 0
    if not isinstance(values, Mapping):
        return {}, 1
    out: dict[str, Scalar] = {}
    dropped = 0
    for key, value in values.items():
        if isinstance(value, dict | list):
            dropped += 1
            continue
        value = None if isinstance(value, float) and not math.isfinite(value) else value
        if isinstance(value, int) and abs(value) >= 1 << 63:
            value = str(value)  # more than databases hold
        if value is not None or keep_none:
            out[mended(str(key))] = mended(value) if isinstance(value, str) else value
    return out, dropped


def typed(key: str, value: Scalar) -> Scalar:
    """``value`` as ``key`` wants it; as it is where it can't be, None where it is empty.

    ``days_overdue`` is a whole number, ids and numbers are text with their zeros, ``direction`` is
    ``inbound`` or ``outbound``, ``started_at`` is ISO 8601 in the file's own time zone.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        value = mended(value).strip()[:MAX_TEXT]
        if value.startswith('="') and value.endswith('"'):  # how spreadsheets protect zeros
            value = value[2:-1].strip()
        if not value:
            return None
    if key in _IDS and not isinstance(value, str) and value is not None:
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole else str(value)
    if isinstance(value, str):
        if key == "days_overdue":
            return _whole(value)
        if key == "direction":
            return _DIRECTIONS.get(value.lower(), value)
        if key == "started_at":
            return _moment(value)
    return value


def _whole(text: str) -> Scalar:
    number = text.removesuffix("天").replace(",", "").strip()
    if re.fullmatch(r"[+-]?\d{1,6}(\.0+)?", number):
        return int(float(number))
    return text


def _moment(text: str) -> str:
    found = _WRITTEN.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return text
    year, month, day, *clock = (int(part) if part else 0 for part in found.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and all(0 <= part < 60 for part in clock)):
        return text
    date = f"{year:04}-{month:02}-{day:02}"
    return date if found[4] is None else f"{date}T{clock[0]:02}:{clock[1]:02}:{clock[2]:02}"
