"""The shape of transcripts and reports, checked by pydantic; nothing beyond sees raw JSON.

Unknown keys are kept by name, so that they can be told; ``Any`` marks what is known and not read.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from voiceguard.ingest.raw import mended

MAX_SECONDS = 7 * 24 * 3600  # a later time is a clock or a count of milliseconds
MAX_LABEL = 200


def _number(value: Any) -> float | None:
    """A number, also as text; None for null and an empty text. May be infinite or NaN."""
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if "_" in value:
            raise PydanticCustomError("number", "is not a number")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "is not a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise PydanticCustomError("number", "is not a number") from None


def _milliseconds(value: Any) -> int | None:
    """From seconds."""
    seconds = _number(value)
    if seconds is None:
        return None
    if not math.isfinite(seconds):
        raise PydanticCustomError("time", "is not a finite number of seconds")
    if seconds < 0:
        raise PydanticCustomError("time", "is negative")
    if seconds > MAX_SECONDS:
        raise PydanticCustomError("time", "is later than seven days; times are in seconds")
    return round(seconds * 1000)


def _channel(value: Any) -> int | None:
    number = _number(value)
    if number is None:
        return None
    if number not in range(256):
        raise PydanticCustomError("channel", "is not a channel (0, 1, …)")
    return int(number)


def _text(value: Any) -> Any:
    return mended(value) if isinstance(value, str) else value


def _label(value: Any) -> str | None:
    """A short text; numbers are taken as text, an empty one as None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise PydanticCustomError("label", "is not text")
    if value is not None and len(value) > MAX_LABEL:
        raise PydanticCustomError("label", f"is longer than {MAX_LABEL} characters")
    return mended(value).strip() or None if value else None


Number = Annotated[float | None, BeforeValidator(_number)]
Time = Annotated[int | None, BeforeValidator(_milliseconds)]
Channel = Annotated[int | None, BeforeValidator(_channel)]
Text = Annotated[str, BeforeValidator(_text)]
Label = Annotated[str | None, BeforeValidator(_label)]
Required = Annotated[str, BeforeValidator(_label)]


class Open(BaseModel):
    """An object that may hold more than is known of it."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


class WordModel(Open):
    """One word of a turn."""

    text: Text
    start: Time = None
    end: Time = None
    confidence: Number = None


class TurnModel(Open):
    """One turn; only its text must be there."""

    text: Text
    role: Label = None
    speaker: Label = None
    channel: Channel = None
    start: Time = None
    end: Time = None
    confidence: Number = None
    level_db: Number = None
    words: list[WordModel] | None = None
    labels: Any = None
    index: Any = None


class EventModel(Open):
    """One event; its times must be there."""

    kind: Required
    start: Time
    end: Time
    channel: Channel = None
    value: Number = None


class RecordingModel(Open):
    """The recording that a report is about, complete."""

    path: Text
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")
    duration: Time
    sample_rate: int = Field(gt=0, lt=1 << 31)
    channels: int = Field(gt=0, lt=256)
    codec: Required


class EngineModel(Open):
    """The engine that a report names, complete."""

    name: Required
    version: Required
    model: Required
    model_sha256: Label = None
    language: Label = None
    options: dict[str, Any] = Field(default_factory=dict)


class WarningModel(Open):
    """A warning of an earlier report."""

    code: Required
    message: Text
    turn: int | None = Field(None, ge=0)


class Document(Open):
    """A transcript or a report; ``lang``, ``risk``, ``scenario``, ``labels`` are for ``eval``."""

    schema_: Any = Field(None, alias="schema")
    id: Label = None
    language: Label = None
    turns: list[TurnModel]
    events: list[EventModel] | None = None
    metadata: Any = None
    recording: Any = None
    engine: Any = None
    warnings: Any = None
    lang: Any = None
    risk: Any = None
    scenario: Any = None
    labels: Any = None
