"""The contract: reports and transcripts as dicts with exact keys, and as JSON.

Times inside are whole milliseconds, in a document seconds with at most three decimals; what is not
known is null. The same report gives the same bytes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from voiceguard.domain import (
    Assessment,
    CallReport,
    Engine,
    Event,
    Evidence,
    Flag,
    Notice,
    Recording,
    Scalar,
    Span,
    Transcript,
    Turn,
    Word,
)
from voiceguard.report.exporter import Exhibit, only

REPORT_SCHEMA = "voiceguard.report/1"
TRANSCRIPT_SCHEMA = "voiceguard.transcript/1"
Document = dict[str, Any]

# Valid in JSON, but many readers end a line there; and halves of surrogate pairs (file names that
# are not UTF-8), which strict readers refuse: those are shown as the text \udc81.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def report_document(report: CallReport) -> Document:
    """``voiceguard.report/1``, keys in the order of the contract."""
    transcript = report.transcript
    return {
        "schema": REPORT_SCHEMA,
        "id": report.id,
        "recording": _recording(transcript.recording) if transcript.recording else None,
        "metadata": _scalars(transcript.info),
        "engine": _engine(transcript.engine) if transcript.engine else None,
        "rules": {
            "libraries": [
                {"name": name, "version": version} for name, version in report.rules.libraries
            ],
            "sha256": report.rules.sha256,
        },
        "turns": [_turn(turn) for turn in transcript.turns],
        "events": [_event(event) for event in sorted(transcript.events, key=_event_place)],
        "flags": [flag_document(flag) for flag in sorted(report.flags, key=_flag_place)],
        "assessment": _assessment(report.assessment),
        "warnings": [_notice(notice) for notice in all_notices(report)],
    }


def transcript_document(transcript: Transcript) -> Document:
    """``voiceguard.transcript/1``: what ``scan`` reads back as the same words, times and roles."""
    return {
        "schema": TRANSCRIPT_SCHEMA,
        "id": transcript.id,
        "language": transcript.language,
        "turns": [_spoken(turn) for turn in transcript.turns],
        "events": [_event(event) for event in sorted(transcript.events, key=_event_place)],
        "metadata": _scalars(transcript.info),
    }


def all_notices(report: CallReport) -> tuple[Notice, ...]:
    """The transcript's warnings, then the report's own, none twice."""
    return tuple(dict.fromkeys((*report.transcript.notices, *report.notices)))


def ordered_flags(report: CallReport) -> tuple[Flag, ...]:
    """Flags by place in the call."""
    return tuple(sorted(report.flags, key=_flag_place))


def one_line(value: object) -> str:
    """``value`` as JSON without any line end in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _SURROGATES.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text)


def laid_out(document: Document) -> str:
    """``document`` as JSON with a line for each key and for each item of a list: a report that
    people can read and compare, without six lines for every word."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            items = ",\n".join(f"    {one_line(item)}" for item in value)
            lines.append(f"  {one_line(key)}: [\n{items}\n  ]")
        else:
            lines.append(f"  {one_line(key)}: {one_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


class JsonExporter:
    """One report, one object."""

    name = "json"
    suffix = ".json"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        document = report_document(only(exhibits, self.name).report)
        out.write(laid_out(document).encode("utf-8"))


class JsonLinesExporter:
    """One line a report."""

    name = "jsonl"
    suffix = ".jsonl"
    gathers = True

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        out.writelines(
            one_line(report_document(exhibit.report)).encode("utf-8") + b"\n"
            for exhibit in exhibits
        )


def _recording(recording: Recording) -> Document:
    return {
        "path": recording.path,
        "sha256": recording.sha256,
        "duration": _seconds(recording.duration),
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "codec": recording.codec,
    }


def _engine(engine: Engine) -> Document:
    return {
        "name": engine.name,
        "version": engine.version,
        "model": engine.model,
        "model_sha256": engine.model_sha256,
        "language": engine.language,
        "options": _scalars(engine.options),
    }


def _turn(turn: Turn) -> Document:
    return {
        "index": turn.index,
        "role": turn.role,
        "speaker": turn.speaker,
        "channel": turn.channel,
        **_times(turn.span),
        "text": turn.text,
        "confidence": _share(turn.confidence),
        "words": [_word(word) for word in turn.words],
    }


def _spoken(turn: Turn) -> Document:
    return {
        "role": turn.role,
        "speaker": turn.speaker,
        "channel": turn.channel,
        **_times(turn.span),
        "text": turn.text,
        "confidence": _share(turn.confidence),
        "level_db": _share(turn.level_db),
        "words": [_word(word) for word in turn.words],
    }


def _word(word: Word) -> Document:
    return {"text": word.text, **_times(word.span), "confidence": _share(word.confidence)}


def _event(event: Event) -> Document:
    return {
        "kind": event.kind,
        **_times(event.span),
        "channel": event.channel,
        "value": _share(event.value),
    }


def flag_document(flag: Flag) -> Document:
    """A flag as it stands in a report."""
    return {
        "id": flag.id,
        "rule": flag.rule,
        "title": flag.title,
        "category": flag.category,
        "severity": flag.severity,
        "role": flag.role,
        "turns": list(flag.turns),
        **_times(flag.span),
        "text": flag.text,
        "matched": flag.matched,
        "how": flag.how,
        "score": _share(flag.score),
        "confidence": _share(flag.confidence),
        "needs_listening": flag.needs_listening,
        "explanation": flag.explanation,
        "evidence": [_evidence(item) for item in flag.evidence],
        "context": list(flag.context),
    }


def _evidence(item: Evidence) -> Document:
    return {
        "turn": item.turn,
        "chars": list(item.chars),
        **_times(item.span),
        "text": item.text,
        "matched": item.matched,
        "how": item.how,
        "score": _share(item.score),
        "step": item.step,
    }


def _assessment(assessment: Assessment) -> Document:
    return {
        "outcome": assessment.outcome,
        "risk": assessment.risk,
        "score": assessment.score,
        "categories": {name: _share(strength) for name, strength in assessment.categories},
        "disposition": assessment.disposition,
        "actions": [
            {"id": action.id, "title": action.title, "script": action.script}
            for action in assessment.actions
        ],
    }


def _notice(notice: Notice) -> Document:
    return {"code": notice.code, "message": notice.message, "turn": notice.turn}


def _times(span: Span | None) -> Document:
    if span is None:
        return {"start": None, "end": None}
    return {"start": _seconds(span.start), "end": _seconds(span.end)}


def _seconds(ms: int) -> float:
    return ms / 1000


def _share(value: float | None) -> float | None:
    """Four decimals: below that a number differs from machine to machine; NaN is not known."""
    return round(value, 4) if value is not None and math.isfinite(value) else None


def _scalars(pairs: Iterable[tuple[str, Scalar]]) -> Document:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in sorted(pairs, key=lambda pair: pair[0])
    }


def _event_place(event: Event) -> tuple[object, ...]:
    channel = -1 if event.channel is None else event.channel
    return (event.span, channel, event.kind)


def _flag_place(flag: Flag) -> tuple[object, ...]:
    start = (flag.span.start, flag.span.end) if flag.span else (-1, -1)
    turn = min(flag.turns, default=-1)
    return (start, turn, flag.category, flag.rule, flag.id)
