"""``voiceguard.transcript/1`` and ``voiceguard.report/1`` → Transcript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from voiceguard.domain import (
    CallInfo,
    Engine,
    Event,
    Notice,
    Recording,
    Span,
    Transcript,
    Turn,
    Word,
)
from voiceguard.errors import TranscriptError
from voiceguard.ingest import notices, scalars
from voiceguard.ingest.transcripts.roles import Party, party, stranger
from voiceguard.ingest.transcripts.schema import (
    Document,
    EngineModel,
    EventModel,
    Open,
    RecordingModel,
    TurnModel,
    WarningModel,
    WordModel,
)
from voiceguard.ingest.transcripts.words import aligned, spans

TRANSCRIPT, REPORT = "voiceguard.transcript/1", "voiceguard.report/1"
_REPORT_ONLY = {"rules", "flags", "assessment"}
_LANGUAGES = {"chinese": "zh", "mandarin": "zh", "中文": "zh", "普通话": "zh", "cmn": "zh"}
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}|[^\W\d_]{1,8}")  # not a sentence, not a number
_PLAIN = {"missing": "is missing", "string_type": "is not text", "list_type": "is not a list"}
_MODELS = {"model_type", "model_attributes_type", "dict_type"}


@dataclass(frozen=True, slots=True)
class Built:
    """A transcript and what it was built from.

    Attributes:
        unknown: keys that mean nothing here, as ``turns[].mood``, in order of appearance.
        document: None where the file was no JSON.
        place: file and line.
    """

    transcript: Transcript
    place: str
    unknown: tuple[str, ...] = ()
    document: Document | None = None


def build(value: Any, place: str, call_id: str) -> Built:
    """A transcript from one JSON value.

    Args:
        place: file, or file and line, for messages.
        call_id: for a transcript without an id.

    Raises:
        TranscriptError: not the shape, or times that can't be; it names the turn, never its text.
    """
    document = _checked(value, place)
    is_report = document.schema_ == REPORT
    told: list[Notice] = _warnings(document.warnings) if is_report else []
    engine = _engine(document.engine, told)
    given = document.language or (engine.language if engine else None)
    info, dropped = scalars.only(document.metadata)
    if dropped:
        told.append(notices.metadata_ignored(dropped))
    turns = _turns(document.turns, place, told)
    language = _language(given, told)
    recording = _recording(document.recording, told)
    transcript = Transcript(
        id=document.id or call_id,
        turns=turns,
        language=language,
        events=tuple(
            _event(model, f"{place}: events[{index}]")
            for index, model in enumerate(document.events or ())
        ),
        info=CallInfo.of(info),
        recording=recording,
        engine=engine,
        notices=tuple(dict.fromkeys(told)),
    )
    return Built(transcript, place, _unknown(document, is_report), document)


def _checked(value: Any, place: str) -> Document:
    if not isinstance(value, dict):
        raise TranscriptError(f"{place}: not a transcript: not an object with turns")
    schema = value.get("schema")
    if schema not in (None, TRANSCRIPT, REPORT):
        raise TranscriptError(
            f"{place}: its schema is not one that this version reads",
            f"use {TRANSCRIPT} or {REPORT}",
        )
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        raise TranscriptError(f"{place}: {problem(error)}") from None
    if schema is None and "assessment" in value:
        document.schema_ = REPORT
    return document


def problem(error: ValidationError) -> str:
    """The first thing wrong, as ``turns[3].start is negative``, without the value."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    first = found[0]
    where = ""
    for part in first["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}"
    kind = first["type"]
    if kind in ("number", "time", "channel", "label"):
        what = first["msg"]
    elif kind in _MODELS:
        what = "is not an object"
    else:
        what = _PLAIN.get(kind, "is not what belongs there")
    more = f" (and {len(found) - 1} more problems)" if len(found) > 1 else ""
    return f"{where.lstrip('.') or 'the object'} {what}{more}"


def _turns(models: list[TurnModel], place: str, told: list[Notice]) -> tuple[Turn, ...]:
    for index, model in enumerate(models):
        _ordered(model, f"{place}: turns[{index}]")
        for number, word in enumerate(model.words or ()):
            _ordered(word, f"{place}: turns[{index}].words[{number}]")
    times, assumed, lost = spans([(model.start, model.end) for model in models])
    parties = [_party(model.role) for model in models]
    turns, ignored = [], 0
    for index, (model, span, who) in enumerate(zip(models, times, parties, strict=True)):
        given = tuple(_word(word) for word in model.words or ())
        words = aligned(model.text, given)
        if words is None:
            told.append(notices.words_differ(index))
        values = (model.confidence, *(word.confidence for word in model.words or ()))
        ignored += any(value is not None and _share(value) is None for value in values)
        turns.append(Turn(
            index, model.text, who.role, model.speaker or who.speaker, model.channel, span,
            _share(model.confidence), words or (), _finite(model.level_db),
        ))  # fmt: skip
    strangers = sum(not who.told for who in parties)
    told += notices.counted(
        (notices.unknown_roles, strangers), (notices.end_assumed, assumed),
        (notices.times_incomplete, lost), (notices.confidence_ignored, ignored),
    )  # fmt: skip
    return tuple(turns)


def _party(role: str | None) -> Party:
    return (party(role) or stranger(role)) if role else Party("unknown")


def _word(model: WordModel) -> Word:
    known = model.start is not None and model.end is not None
    span = Span(model.start or 0, model.end or 0) if known else None
    return Word(model.text, span, _share(model.confidence))


def _event(model: EventModel, place: str) -> Event:
    if model.start is None or model.end is None:
        raise TranscriptError(f"{place} has no start or no end")
    _ordered(model, place)
    span = Span(model.start, model.end)
    return Event(model.kind, span, model.channel, _finite(model.value))


def _ordered(model: TurnModel | WordModel | EventModel, place: str) -> None:
    if model.start is not None and model.end is not None and model.end < model.start:
        raise TranscriptError(f"{place}: its end is before its start")


def _share(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 1 else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float("inf") else None


def _language(given: str | None, told: list[Notice]) -> str:
    if given is None:
        return "zh"
    code = re.split(r"[-_]", given.lower())[0]
    code = _LANGUAGES.get(code, code)
    if re.fullmatch("[a-z]{2,3}", code):
        return code
    told.append(notices.language_ignored())
    return "zh"


def _recording(value: Any, told: list[Notice]) -> Recording | None:
    if value is None:
        return None
    try:
        model = RecordingModel.model_validate(value)
    except ValidationError as error:
        told.append(notices.recording_ignored(problem(error)))
        return None
    if model.duration is None:
        told.append(notices.recording_ignored("duration is missing"))
        return None
    return Recording(
        model.path, model.sha256.lower(), model.duration, model.sample_rate, model.channels,
        model.codec,
    )  # fmt: skip


def _engine(value: Any, told: list[Notice]) -> Engine | None:
    if value is None:
        return None
    try:
        model = EngineModel.model_validate(value)
    except ValidationError as error:
        told.append(notices.engine_ignored(problem(error)))
        return None
    options = tuple(sorted(scalars.only(model.options, keep_none=True)[0].items()))
    return Engine(
        model.name, model.version, model.model, model.model_sha256, model.language or "zh", options
    )


def _warnings(value: Any) -> list[Notice]:
    """What the report had to say; a warning that is none is left out."""
    out = []
    for item in value if isinstance(value, list) else ():
        try:
            model = WarningModel.model_validate(item)
        except ValidationError:
            continue
        out.append(Notice(model.code, model.message, model.turn))
    return out


def _unknown(document: Document, is_report: bool) -> tuple[str, ...]:
    """Keys that nobody reads, by their place, each once."""
    known = _REPORT_ONLY if is_report else set()
    top = [key for key in _extra(document) if key not in known]
    below = [
        f"{name}[].{key}"
        for name, models in (("turns", document.turns), ("events", document.events or ()))
        for model in models
        for key in _extra(model)
    ]
    words = [
        f"turns[].words[].{key}"
        for turn in document.turns
        for word in turn.words or ()
        for key in _extra(word)
    ]
    return tuple(dict.fromkeys((*top, *below, *words)))


def _extra(model: Open) -> Iterator[str]:
    for key in model.model_extra or ():
        yield key if _KEY.fullmatch(key) else "…"
