"""Subtitles and plain text: who speaks, when, and what."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from voiceguard.domain import CallReport, RulesUsed, Span, Transcript, Turn
from voiceguard.domain.report import Assessment
from voiceguard.errors import TranscriptError
from voiceguard.ingest import read_transcripts
from voiceguard.report import Exhibit, exporter

Row = tuple[str, str | None, tuple[int, int] | None, str]


def read(text: str, name: str) -> Transcript:
    (item,) = read_transcripts(Path(name), text.encode())
    assert isinstance(item, Transcript), item
    return item


def rows(item: Transcript) -> list[Row]:
    """Role, speaker, milliseconds, text."""
    return [
        (t.role, t.speaker, (t.span.start, t.span.end) if t.span else None, t.text)
        for t in item.turns
    ]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("客户：你好", ("customer", None, None, "你好")),
        ("  用户: 你好 ", ("customer", None, None, "你好")),
        ("agent: how are you", ("agent", None, None, "how are you")),
        ("Third party: hm", ("third_party", None, None, "hm")),
        ("第三方：嗯", ("third_party", None, None, "嗯")),
        ("[坐席] 您好", ("agent", None, None, "您好")),
        ("【客服】：您好", ("agent", None, None, "您好")),
        ("（客户）嗯", ("customer", None, None, "嗯")),
        ("**客户**：嗯", ("customer", None, None, "嗯")),
        ("坐席1001：您好", ("agent", "坐席1001", None, "您好")),
        ("客户2: 嗯", ("customer", "客户2", None, "嗯")),
        ("A: hi", ("unknown", "A", None, "hi")),
        ("说话人1：嗯", ("unknown", "说话人1", None, "嗯")),
        ("Speaker 2: hm", ("unknown", "Speaker 2", None, "hm")),
        ("未知：嗯", ("unknown", None, None, "嗯")),
        ("你好", ("unknown", None, None, "你好")),
        ("我说：不行", ("unknown", None, None, "我说：不行")),
        ("他跟我讲，客户：你好", ("unknown", None, None, "他跟我讲，客户：你好")),
        ("12:30 我到家", ("unknown", None, None, "12:30 我到家")),
        ("客户：10:20:30 到的", ("customer", None, None, "10:20:30 到的")),
        ("[00:01:02] 客户：嗯", ("customer", None, (62_000, 62_000), "嗯")),
        ("[01:02.5] 嗯", ("unknown", None, (62_500, 62_500), "嗯")),
        ("(1:01:02,25) agent: hm", ("agent", None, (3_662_250, 3_662_250), "hm")),
        ("[01:02 - 01:05] agent: hm", ("agent", None, (62_000, 65_000), "hm")),
        ("坐席 [00:05]：您好", ("agent", None, (5_000, 5_000), "您好")),
        ("【客户】[00:07] 嗯", ("customer", None, (7_000, 7_000), "嗯")),
        ("客服 00:00:05 您好", ("agent", None, (5_000, 5_000), "您好")),
        ("00:00:05 客服：您好", ("agent", None, (5_000, 5_000), "您好")),
        ("2024-05-01 10:00:03 坐席: 您好", ("agent", None, None, "您好")),
        ("[2024/5/1 10:00:03] 客户: 您好", ("customer", None, None, "您好")),
        ("1.250\t2.5\t坐席: 您好", ("agent", None, (1_250, 2_500), "您好")),
    ],
)
def test_a_line_of_plain_text(line: str, row: Row) -> None:
    assert rows(read(line, "a.txt")) == [row]


def test_a_speaker_on_a_line_of_his_own_heads_the_next_lines() -> None:
    text = "说话人 1 00:05\n您好\n请讲\n\n客户\n坐席：\n嗯\n客户 2024-05-01 10:00:00\n好\n"
    assert rows(read(text, "a.txt")) == [
        ("unknown", "说话人 1", (5_000, 5_000), "您好"),
        ("unknown", "说话人 1", None, "请讲"),
        ("unknown", "说话人 1", None, "客户"),
        ("agent", None, None, "嗯"),
        ("customer", None, None, "好"),
    ]


def test_names_before_most_lines_are_speakers() -> None:
    item = read("张三：你好\n李四：嗯\n张三：再见\n", "a.txt")
    assert [(t.speaker, t.text) for t in item.turns] == [
        ("张三", "你好"), ("李四", "嗯"), ("张三", "再见")
    ]  # fmt: skip
    assert [n.code for n in item.notices] == ["unknown_roles"]
    assert "张三" not in item.notices[0].message


def test_a_start_alone_lasts_until_the_next() -> None:
    item = read("[00:01] 客户：一\n[00:04] 坐席：二\n[00:03] 坐席：三", "a.txt")
    assert [t.span for t in item.turns] == [Span(1000, 4000), Span(4000, 4000), Span(3000, 3000)]
    assert [n.code for n in item.notices] == ["end_assumed"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "客户：秘密\n[00:05-00:02] 秘密", "a.txt:2: the end is before the start"),
        ("a.srt", "1\n00:00:05,000 --> 00:00:02,000\n秘密", "a.srt:2: the end is before the start"),
        ("a.srt", "1\n-00:00:05,000 --> 00:00:02,000\n秘密", "a.srt:2: the time is negative"),
        ("a.vtt", "WEBVTT\n\n00:61.000 --> 00:62.000\n秘密", "a.vtt:3: the time is not one"),
        ("a.txt", "通话 Call         秘密", "a page made for people"),
    ],
)
def test_what_is_refused(name: str, text: str, said: str) -> None:
    (item,) = read_transcripts(Path(name), text.encode())
    assert isinstance(item, TranscriptError)
    assert said in str(item)
    assert "秘密" not in str(item)


def test_a_vtt_with_all_that_it_may_hold() -> None:
    text = """WEBVTT - a title

NOTE 00:00:09.000 --> 00:00:10.000
not said

STYLE
::cue(v) { color: red }

first
00:01.000 --> 00:02.000 align:left position:10%
<v Agent>您好<i>，请讲</i>
&amp; 好

00:00:02.000 --> 00:00:03.500
<v.loud 客户>嗯 <00:00:03.000>&lt;b&gt;</v> <v 旁人>别说</v>

00:00:04.000 --> 00:00:05.000
客户：a < b
and c

00:00:05.000 --> 00:00:06.000
"""
    assert rows(read(text, "a.vtt")) == [
        ("agent", None, (1000, 2000), "您好，请讲& 好"),
        ("customer", None, (2000, 3500), "嗯 <b>"),
        ("third_party", None, (2000, 3500), "别说"),
        ("customer", None, (4000, 5000), "a < b and c"),
    ]


def test_an_srt_that_breaks_the_rules() -> None:
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\n坐席：您好\r\n- 客户：嗯\r\n"
        "2\r\n0:00:02.5 -> 00:00:03,000 X1:0\r\n{\\an8}<font color=red>[客户] 2\r\n\r\n\r\n"
        "00:00:04,000 --> 00:00:05,000\r\n没有人\r\n"
    )
    assert rows(read(text, "a.srt")) == [
        ("agent", None, (1000, 2000), "您好"),
        ("customer", None, (1000, 2000), "嗯"),
        ("customer", None, (2500, 3000), "2"),
        ("unknown", None, (4000, 5000), "没有人"),
    ]


def test_a_subtitle_file_of_a_silent_call() -> None:
    assert read("WEBVTT\n", "a.vtt").turns == ()
    assert read("1\n00:00:01,000 --> 00:00:02,000\n\n", "a.srt").turns == ()


@pytest.mark.parametrize(("kind", "name"), [("srt", "a.srt"), ("vtt", "a.vtt"),
                                            ("audacity", "a.labels.txt")])  # fmt: skip
def test_our_own_exports_are_read_back(kind: str, name: str) -> None:
    turns = (
        Turn(0, "您好 & <请讲>", "agent", span=Span(0, 1500)),
        Turn(1, "客户：我说 --> 完", "customer", span=Span(1500, 3_723_004)),
        Turn(2, "嗯", span=Span(3_723_004, 3_723_500)),
    )
    transcript = Transcript("x", turns)
    assessment = Assessment("conversation", "none", 0, "clear")
    out = io.BytesIO()
    report = CallReport(transcript, RulesUsed((), ""), (), assessment)
    exporter(kind).write([Exhibit(report, {})], out)
    (item,) = read_transcripts(Path(name), out.getvalue())
    assert isinstance(item, Transcript)
    assert item.turns == turns


def test_flags_in_our_own_exports_were_not_said() -> None:
    srt = "1\n00:00:00,000 --> 00:00:01,000\n⚠ 反催收（高）\n客户：停\n"
    vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\n<c.flag>⚠ 反催收（高）</c>\n<v 客户>停</v>\n"
    labels = "0.000\t1.000\t⚠ 反催收（高）: 停\n0.000\t1.000\t客户: 停\n"
    for name, text in (("a.srt", srt), ("a.vtt", vtt), ("a.txt", labels)):
        assert rows(read(text, name)) == [("customer", None, (0, 1000), "停")]
