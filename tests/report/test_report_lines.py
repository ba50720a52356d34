"""Subtitles, labels and the page to read."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import sample_exhibit, small_report

from voiceguard.domain import CallReport, Span, Transcript, Turn
from voiceguard.errors import OutputError, UsageError
from voiceguard.report import Exhibit, exporter
from voiceguard.report.lines import flat


def written(name: str, report: CallReport) -> str:
    out = io.BytesIO()
    exporter(name).write([Exhibit(report)], out)
    return out.getvalue().decode("utf-8")


def spoken(*turns: Turn) -> CallReport:
    return replace(small_report(), transcript=Transcript("call-9", turns), flags=(), notices=())


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_comes_back_from_subtitles(texts: list[str]) -> None:
    turns = [Turn(i, text, span=Span(i * 1000, i * 1000)) for i, text in enumerate(texts)]
    wanted = [flat(text) for text in texts if flat(text)]
    report = spoken(*turns)
    cues = [cue for cue in written("srt", report).split("\n\n") if cue]
    assert [cue.split("\n")[0] for cue in cues] == [str(n + 1) for n in range(len(wanted))]
    assert [html.unescape(cue.strip("\n").split("\n", 2)[2]) for cue in cues] == [
        f"未知：{text}" for text in wanted
    ]
    vtt = written("vtt", report)
    assert vtt.startswith("WEBVTT\n") and vtt.count("-->") == len(wanted)
    heard = re.findall(r"<v 未知>(.*)</v>", vtt)
    assert [html.unescape(text) for text in heard] == wanted
    labels = written("audacity", report).split("\n")[:-1]
    assert [label.split("\t")[2] for label in labels] == [f"未知: {flat(t)}" for t in texts]


def test_cues_are_in_order_and_never_empty() -> None:
    text = written("srt", spoken(Turn(0, "后", span=Span(5, 5)), Turn(1, "先", span=Span(0, 9))))
    assert "1\n00:00:00,000 --> 00:00:00,009\n未知：先" in text
    assert "2\n00:00:00,005 --> 00:00:00,006\n未知：后" in text


@pytest.mark.parametrize("name", ["srt", "vtt", "audacity"])
def test_no_times_is_an_error_that_names_the_call(name: str) -> None:
    with pytest.raises(OutputError, match="call-9 has no times"):
        written(name, spoken(Turn(0, "好")))
    assert "好" in written("txt", spoken(Turn(0, "好")))


@pytest.mark.parametrize("name", ["srt", "vtt", "audacity", "txt"])
def test_a_call_without_words_is_no_error(name: str) -> None:
    assert "好" not in written(name, spoken())


def test_flagged_turns_are_marked() -> None:
    out = io.BytesIO()
    exporter("vtt").write([sample_exhibit()], out)
    marks = re.findall(r"<c.flag>(.*)</c>", out.getvalue().decode("utf-8"))
    assert [mark.split("（")[0] for mark in marks] == ["⚠ 反催收", "⚠ 非法代理维权", "⚠ 恶意投诉"]
    assert marks[0].endswith("需复听")


def test_a_flag_of_several_turns_is_explained_once_and_one_of_none_at_the_end() -> None:
    flag = small_report().flags[0]
    report = spoken(Turn(0, "一"), Turn(1, "二"))
    wide = replace(flag, turns=(0, 1), evidence=())
    assert written("txt", replace(report, flags=(wide,))).count(flag.explanation) == 1
    loose = replace(flag, turns=(), evidence=())
    text = written("txt", replace(report, flags=(loose,)))
    assert text.index("整通标记") < text.index(flag.explanation)


def test_a_file_of_one_call_refuses_two() -> None:
    with pytest.raises(UsageError):
        exporter("srt").write([sample_exhibit(), sample_exhibit()], io.BytesIO())
