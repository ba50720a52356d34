"""The contract's keys, order and nulls."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import sample_exhibit, sample_report, sample_transcript, small_report

from voiceguard.domain import Assessment, CallInfo, CallReport, Event, Span, Transcript, Turn
from voiceguard.report import Exhibit, exporter, report_document, transcript_document
from voiceguard.report.document import laid_out, one_line

FLAG_KEYS = (
    "id rule title category severity role turns start end text matched how score confidence "
    "needs_listening explanation evidence context"
)
KEYS = {
    "": "schema id recording metadata engine rules turns events flags assessment warnings",
    "recording": "path sha256 duration sample_rate channels codec",
    "engine": "name version model model_sha256 language options",
    "rules": "libraries sha256",
    "rules.libraries.0": "name version",
    "turns.0": "index role speaker channel start end text confidence words",
    "turns.0.words.0": "text start end confidence",
    "events.0": "kind start end channel value",
    "flags.0": FLAG_KEYS,
    "flags.0.evidence.0": "turn chars start end text matched how score step",
    "assessment": "outcome risk score categories disposition actions",
    "assessment.actions.0": "id title script",
    "warnings.0": "code message turn",
}


def at(document: object, path: str) -> object:
    for part in filter(None, path.split(".")):
        document = document[int(part)] if isinstance(document, list) else document[part]  # type: ignore[index]
    return document


@pytest.mark.parametrize("path", KEYS)
def test_keys_and_their_order_are_those_of_the_contract(path: str) -> None:
    found = at(report_document(sample_report()), path)
    assert isinstance(found, dict)
    assert list(found) == KEYS[path].split()


def test_transcript_document_has_what_scan_reads() -> None:
    document = transcript_document(sample_transcript())
    assert list(document) == ["schema", "id", "language", "turns", "events", "metadata"]
    turn = "role speaker channel start end text confidence level_db words"
    assert list(document["turns"][0]) == turn.split()
    assert document["schema"] == "voiceguard.transcript/1"
    assert document["turns"][1]["level_db"] == -23.5
    assert (document["turns"][1]["start"], document["turns"][1]["end"]) == (7.05, 9.31)


def test_what_is_not_known_is_null() -> None:
    transcript = Transcript("x", (Turn(0, "好"),))
    report = CallReport(
        transcript,
        small_report().rules,
        (replace(small_report().flags[0], span=None, confidence=float("nan")),),
        Assessment("unreadable", None, None, "not_assessable"),
    )
    document = report_document(report)
    assert document["recording"] is None and document["engine"] is None
    assert document["turns"][0]["start"] is None and document["flags"][0]["end"] is None
    assert document["flags"][0]["confidence"] is None
    assert document["assessment"]["risk"] is None and document["assessment"]["score"] is None
    json.loads(one_line(document))


def test_flags_and_events_are_in_order_of_time_whatever_order_they_came_in() -> None:
    report = sample_report()
    turned = replace(
        report,
        flags=report.flags[::-1],
        transcript=replace(report.transcript, events=report.transcript.events[::-1]),
    )
    assert one_line(report_document(turned)) == one_line(report_document(report))
    assert [event["start"] for event in report_document(turned)["events"]] == [0.0, 50.1, 70.2]


def test_a_notice_of_transcript_and_report_is_told_once() -> None:
    report = sample_report()
    doubled = replace(report, notices=report.transcript.notices)
    assert len(report_document(doubled)["warnings"]) == 1


def test_odd_numbers_and_line_ends_make_valid_json() -> None:
    info = CallInfo.of({"a": float("inf"), "b": "x\u2028y\x85z"})
    transcript = Transcript("bad\udcff", (Turn(0, "好\r\n"),), info=info)
    line = one_line(report_document(replace(small_report(), transcript=transcript, flags=())))
    assert len(line.splitlines()) == 1
    line.encode("utf-8")
    read = json.loads(line)
    assert read["metadata"] == {"a": None, "b": "x\u2028y\x85z"}
    assert read["id"] == "bad\\udcff"


@given(st.text(), st.text())
def test_any_text_comes_back_from_json(text: str, key: str) -> None:
    transcript = Transcript(text, (Turn(0, text),), info=CallInfo.of({key: text}))
    report = replace(small_report(), transcript=transcript)
    document = report_document(report)
    assert json.loads(laid_out(document).encode("utf-8")) == document
    assert json.loads(one_line(document).encode("utf-8")) == document
    assert document["turns"][0]["text"] == text and document["metadata"] == {key: text}


@given(st.integers(0, 10**10))
def test_times_have_at_most_three_decimals(ms: int) -> None:
    transcript = Transcript("x", events=(Event("tone", Span(ms, ms)),))
    report = replace(small_report(), transcript=transcript)
    shown = json.dumps(report_document(report)["events"][0]["start"])
    assert len(shown.partition(".")[2]) <= 3
    assert round(float(shown) * 1000) == ms


def test_jsonl_holds_a_line_a_call() -> None:
    out = io.BytesIO()
    exporter("jsonl").write([sample_exhibit(), Exhibit(small_report())], out)
    lines = out.getvalue().decode("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [sample_report().id, "small/1"]
