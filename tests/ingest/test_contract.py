"""Transcripts and reports as JSON: what is read, what is told, what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import (
    ROLES,
    CallInfo,
    CallReport,
    Engine,
    Event,
    Notice,
    Recording,
    RulesUsed,
    Span,
    Transcript,
    Turn,
    Word,
)
from voiceguard.domain.report import Assessment
from voiceguard.errors import TranscriptError
from voiceguard.ingest import Limits, read_transcripts
from voiceguard.report import report_document, transcript_document

SECRET = "秘密话"


def read(value: object, name: str = "call.json") -> list[Transcript | TranscriptError]:
    return list(read_transcripts(Path(name), json.dumps(value).encode()))


def good(value: object, name: str = "call.json") -> Transcript:
    (item,) = read(value, name)
    assert isinstance(item, Transcript), item
    return item


def bad(value: object, name: str = "call.json") -> str:
    (item,) = read(value, name)
    assert isinstance(item, TranscriptError), item
    assert SECRET not in str(item)
    return str(item)


def codes(item: Transcript) -> list[str]:
    return [notice.code for notice in item.notices]


def turn(**more: Any) -> dict[str, Any]:
    return {"turns": [{"text": SECRET, **more}]}


def test_only_the_text_of_turns_must_be_there() -> None:
    assert good({"turns": [{"text": "喂"}]}) == Transcript("call", (Turn(0, "喂"),))


def test_everything_of_the_contract_is_read() -> None:
    item = good({
        "schema": "voiceguard.transcript/1", "id": "c-1", "language": "zh-CN",
        "turns": [{
            "role": "customer", "speaker": "S1", "channel": 1, "start": 1.2, "end": "2.5",
            "text": "停息", "confidence": 0.5, "level_db": -20,
            "words": [{"text": "停", "start": 1.2, "end": 1.4, "confidence": 0.8},
                      {"text": "息", "start": 1.4, "end": None}],
        }],
        "events": [{"kind": "silence", "start": 0, "end": 1, "channel": None, "value": 2}],
        "metadata": {"agent_id": "007", "days_overdue": 3, "vip": True, "team": None},
    })  # fmt: skip
    words = (Word("停", Span(1200, 1400), 0.8), Word("息"))
    assert item == Transcript(
        "c-1",
        (Turn(0, "停息", "customer", "S1", 1, Span(1200, 2500), 0.5, words, -20.0),),
        "zh",
        (Event("silence", Span(0, 1000), None, 2.0),),
        CallInfo.of({"agent_id": "007", "days_overdue": 3, "vip": True}),
    )


def test_a_report_gives_back_what_it_was_made_from() -> None:
    transcript = Transcript(
        "r/1",
        (Turn(0, "喂", "agent", None, 0, Span(0, 500), 0.9, (Word("喂", Span(0, 500), 0.9),)),),
        "en",
        (Event("tone", Span(500, 900), 1, 440.0),),
        CallInfo.of({"number": "138"}),
        Recording("a/b.wav", "ab" * 32, 1234, 8000, 2, "alaw"),
        Engine("openai-whisper", "1", "demo", None, "en", (("beam", None), ("seed", 3))),
        (Notice("truncated", "the end is lost"),),
    )
    assessment = Assessment("unreadable", None, None, "not_assessable")
    report = CallReport(transcript, RulesUsed((), ""), (), assessment)
    document = report_document(report)
    assert good(document) == transcript
    del document["schema"]
    assert good(document) == transcript


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], "call.json:1: not a transcript: not an object with turns"),
        ("喂", "call.json:1: not a transcript: not an object with turns"),
        ({}, "call.json:1: turns is missing"),
        ({"turns": None}, "call.json:1: turns is not a list"),
        ({"turns": [SECRET]}, "call.json:1: turns[0] is not an object"),
        ({"turns": [{"text": 5}]}, "call.json:1: turns[0].text is not text"),
        ({"turns": [{"text": "喂"}, {"role": SECRET}]}, "call.json:1: turns[1].text is missing"),
        (turn(start=-0.5), "call.json:1: turns[0].start is negative"),
        (turn(start=2, end=1), "call.json:1: turns[0]: its end is before its start"),
        (turn(start=math.nan, end=1), "call.json:1: turns[0].start is not a finite number"),
        (turn(start=0, end=math.inf), "call.json:1: turns[0].end is not a finite number"),
        (turn(start="nan"), "turns[0].start is not a finite number of seconds"),
        (turn(start=1e300), "turns[0].start is later than seven days"),
        (turn(start=10**400), "turns[0].start is not a number"),
        (turn(start=True), "turns[0].start is not a number"),
        (turn(start=SECRET), "turns[0].start is not a number"),
        (turn(start=SECRET, end=SECRET), "is not a number (and 1 more problems)"),
        (turn(channel=-1), "turns[0].channel is not a channel"),
        (turn(channel=0.5), "turns[0].channel is not a channel"),
        (turn(role=[SECRET]), "turns[0].role is not text"),
        (turn(speaker=SECRET * 100), "turns[0].speaker is longer than 200 characters"),
        (turn(words=[{"text": SECRET, "start": 3, "end": 2}]), "turns[0].words[0]: its end is"),
        (turn(words=SECRET), "turns[0].words is not a list"),
        ({**turn(), "events": [{"kind": "tone", "start": 2, "end": 1}]}, "events[0]: its end is"),
        ({**turn(), "events": [{"kind": "tone", "start": 2}]}, "events[0].end is missing"),
        ({**turn(), "events": [{"kind": "a", "start": None, "end": 1}]}, "has no start or no end"),
        ({**turn(), "schema": "voiceguard.transcript/2"}, "its schema is not one"),
        ({**turn(), "schema": 7}, "its schema is not one"),
    ],
)
def test_what_is_refused_and_how(value: object, said: str) -> None:
    assert said in bad(value if not isinstance(value, list) else [value[0]])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (turn(role="张三"), "unknown_roles"),
        (turn(start=1), "end_assumed"),
        (turn(end=1), "times_incomplete"),
        (turn(confidence=87), "confidence_ignored"),
        (turn(confidence=math.nan), "confidence_ignored"),
        (turn(words=[{"text": "别的"}]), "words_differ"),
        ({**turn(), "metadata": {"a": [1]}}, "metadata_ignored"),
        ({**turn(), "metadata": [1]}, "metadata_ignored"),
        ({**turn(), "language": "中国话"}, "language_ignored"),
        ({**turn(), "recording": {"path": "x"}}, "recording_ignored"),
        ({**turn(), "engine": SECRET}, "engine_ignored"),
        ({**turn(), "mood": 1}, "unknown_keys"),
    ],
)
def test_what_is_told_and_not_refused(value: object, code: str) -> None:
    item = good(value)
    assert codes(item) == [code]
    assert all(SECRET not in n.message and "张三" not in n.message for n in item.notices)


def test_keys_for_eval_and_open_metadata_are_silent() -> None:
    value = {**turn(labels=["a"]), "lang": "zh", "risk": "high", "scenario": "x", "labels": [1],
             "metadata": {"anything": 1}}  # fmt: skip
    assert codes(good(value)) == []


def test_unknown_keys_are_told_once_a_file_by_name_unless_they_may_be_speech() -> None:
    one = {"mood": 1, "turns": [{"text": "喂", "gender": 1, "13800138000": 2, SECRET * 9: 3,
                                 "words": [{"text": "喂", "prob": 1}]}]}  # fmt: skip
    first, second = read([one, one], "calls.json")
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert [n.message for n in first.notices] == [
        "keys that are not known were ignored: mood, turns[].gender, turns[].…, "
        "turns[].words[].prob"
    ]
    assert second.notices == ()


@pytest.mark.parametrize(
    ("label", "role", "speaker"),
    [
        ("agent", "agent", None), ("Third_Party", "third_party", None), ("坐席", "agent", None),
        (" 客户 ", "customer", None), ("客服2", "agent", "客服2"), ("客户A", "customer", "客户A"),
        ("第三方", "third_party", None), ("unknown", "unknown", None), (None, "unknown", None),
        ("A", "unknown", "A"), ("SPEAKER_00", "unknown", "SPEAKER_00"), ("张三", "unknown", "张三"),
        ("agents", "unknown", "agents"), (0, "unknown", "0"), ("", "unknown", None),
    ],
)  # fmt: skip
def test_roles(label: object, role: str, speaker: str | None) -> None:
    (found,) = good({"turns": [{"text": "喂", "role": label}]}).turns
    assert (found.role, found.speaker) == (role, speaker)


@pytest.mark.parametrize(
    ("text", "words", "joined"),
    [
        ("停息", ["停", "息"], ["停", "息"]),
        ("停息，挂账。", ["停息", "挂账"], ["停息，", "挂账。"]),
        ("“停息”", ["停息"], ["“停息”"]),
        ("停息挂账", ["停"], ["停", "息挂账"]),
        ("hi there", [" hi", " there"], ["hi ", "there"]),
        ("停息", [], []),
        ("", [""], [""]),
    ],
)
def test_words_give_the_text_when_joined(text: str, words: list[str], joined: list[str]) -> None:
    given = [{"text": word, "start": n, "end": n + 1} for n, word in enumerate(words)]
    (found,) = good({"turns": [{"text": text, "words": given}]}).turns
    assert [word.text for word in found.words] == joined


def test_a_turn_without_end_lasts_until_the_next_starts() -> None:
    turns = [{"text": "a", "start": 1}, {"text": "b"}, {"text": "c", "start": 3},
             {"text": "d", "start": 2}]  # fmt: skip
    spans = [t.span for t in good({"turns": turns}).turns]
    assert spans == [Span(1000, 3000), None, Span(3000, 3000), Span(2000, 2000)]


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    (item,) = read_transcripts(Path("c.json"), rb'{"id": "\ud800x", "turns": [{"text": "\udfff"}]}')
    assert isinstance(item, Transcript)
    assert (item.id, item.turns[0].text) == ("\ufffdx", "\ufffd")


def test_nesting_numbers_and_size_are_bounded(tmp_path: Path) -> None:
    deep = b'{"turns": [], "x": ' + b"[" * 100_000
    long = b'{"turns": [], "x": ' + b"9" * 10_000 + b"}"
    for data, name, said in [
        (deep, "c.json", "c.json:1: the JSON is nested too deeply"),
        (deep, "c.jsonl", "c.jsonl:1: the JSON is nested too deeply"),
        (b"[" * 100_000, "c.json", "nested too deeply"),
        (long, "c.json", "a number that is too long"),
        (long, "c.jsonl", "a number that is too long"),
    ]:
        (item,) = read_transcripts(Path(name), data)
        assert said in str(item)
    (item,) = read_transcripts(Path("c.json"), b"{" + b" " * 99, limits=Limits(file=50))
    assert "too large" in str(item)


SHORT = st.text(max_size=8)
LABELS = st.none() | SHORT.map(lambda s: s.strip()).filter(bool)
SPANS = st.none() | st.tuples(st.integers(0, 10**8), st.integers(0, 10**6)).map(
    lambda pair: Span(pair[0], pair[0] + pair[1])
)
SHARES = st.none() | st.integers(0, 10_000).map(lambda n: n / 10_000)
WORDS = st.builds(Word, SHORT, SPANS, SHARES)
SCALARS = st.text() | st.integers(-(2**63) + 1, 2**63 - 1) | st.booleans() | st.floats(-9, 9)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    turns = []
    for index in range(draw(st.integers(0, 4))):
        words = tuple(draw(st.lists(WORDS, max_size=4)))
        text = "".join(word.text for word in words) if words else draw(st.text())
        turns.append(Turn(
            index, text, draw(st.sampled_from(ROLES)), draw(LABELS),
            draw(st.none() | st.integers(0, 7)), draw(SPANS), draw(SHARES), words,
            draw(st.none() | st.integers(-900, 0).map(lambda n: n / 10)),
        ))  # fmt: skip
    events = st.builds(Event, LABELS.filter(bool), SPANS.filter(bool),
                       st.none() | st.integers(0, 3), SHARES)  # fmt: skip
    place = lambda e: (e.span, -1 if e.channel is None else e.channel, e.kind)  # noqa: E731
    return Transcript(
        str(draw(LABELS.filter(bool))), tuple(turns), draw(st.sampled_from(("zh", "en", "yue"))),
        tuple(sorted(draw(st.lists(events, max_size=3, unique_by=place)), key=place)),
        CallInfo.of(draw(st.dictionaries(SHORT, SCALARS, max_size=4))),
    )  # fmt: skip


@given(transcripts(), st.booleans())
def test_what_is_written_by_the_contract_is_read_back_equal(item: Transcript, plain: bool) -> None:
    data = json.dumps(transcript_document(item), ensure_ascii=plain).encode()
    for name in ("x.json", "x.jsonl", "x"):
        assert list(read_transcripts(Path(name), data)) == [item]
