"""The html report: complete, faithful to the words, and unable to run anything said in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_reading import Page
from sample_report import TITLES, sample_exhibit, sample_report, small_report

from voiceguard.domain import (
    Action,
    Assessment,
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
)
from voiceguard.report import Audio, Exhibit, report_document
from voiceguard.report.html import render

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>--><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title></style></textarea><iframe src=//x>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "&lt;script&gt;&#x3c;b&#x3e;",
    "\u2028\u2029</ScRiPt >",
    "</p></li></ol><form action=//x><button>",
    "<base href=//x><meta http-equiv=refresh content=0>",
    "\x00<b>\x00",
]


def filled(text: str) -> Exhibit:
    """An exhibit that says ``text`` in every place there is."""
    flag = small_report().flags[0]
    evidence = tuple(
        replace(flag.evidence[0], turn=0, chars=chars, text=text, matched=f"{text}!", step=text)
        for chars in ((0, 2), (1, max(2, len(text) // 2)))
    )
    report = CallReport(
        Transcript(
            text,
            (Turn(0, f"{text}好好", "agent", text, 0, Span(0, 5_000)),),
            text,
            (Event(text, Span(0, 10)),),
            CallInfo.of({f"{text}k": text}),
            Recording(text, text, 9_000, 8000, 1, text),
            Engine(text, text, text, text, text, ((text, text),)),
            (Notice(text, text, 0),),
        ),
        RulesUsed(((text, text),), text),
        (
            replace(
                flag, id=text, rule=text, title=text, category=text, text=text, matched=f"{text}!",
                explanation=text, turns=(0,), evidence=evidence,
            ),
        ),
        Assessment(
            "conversation", "high", 50, "review", ((text, 0.5),), (Action(text, text, text),)
        ),
    )  # fmt: skip
    return Exhibit(report, {text: (text, text)}, Audio("audio/wav", b"x"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_said_stays_text(payload: str) -> None:
    page, plain = Page(render(filled(payload))), Page(render(filled("x" * len(payload))))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [list(attrs) for _, attrs in page.tags] == [list(attrs) for _, attrs in plain.tags]
    assert page.scripts[1] == plain.scripts[1]
    assert payload.replace("\0", "\ufffd") in page.text
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") or name in {"style", "srcdoc"} for name in attrs)
        assert tag != "a" or (attrs["href"] or "").startswith("#")
        assert attrs.get("src", "data:") == "data:audio/wav;base64,eA==" or tag != "audio"


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = render(sample_exhibit(sound=True))
    page = Page(html)
    assert not {"link", "iframe", "img", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?://|url\(|@import|fetch\(|innerHTML|\beval\b", html)


def test_policy_allows_just_this_script_and_style() -> None:
    html = render(sample_exhibit())
    page = Page(html)
    policy = next(
        attrs["content"] or ""
        for _, attrs in page.tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy and "unsafe" not in policy
    style = html.partition("<style>")[2].partition("</style>")[0]
    for text, directive in ((page.scripts[1][1], "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_the_media_type_cannot_break_out() -> None:
    html = render(replace(sample_exhibit(), audio=Audio('audio/x"><b>,', b"x")))
    assert 'src="data:audio/xb;base64,eA=="' in html


def test_the_embedded_data_is_the_report() -> None:
    exhibit = filled("</script>\u2028<!--&amp;")
    kind, data = Page(render(exhibit)).scripts[0]
    assert kind == "application/json"
    assert json.loads(data) == json.loads(json.dumps(report_document(exhibit.report)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(), min_size=1, max_size=4), st.data())
def test_the_transcript_reads_letter_for_letter(texts: list[str], data: st.DataObject) -> None:
    flag = small_report().flags[0]
    places = st.integers(-1, 15)
    evidence = tuple(
        replace(flag.evidence[0], turn=turn, chars=(data.draw(places), data.draw(places)))
        for turn in range(len(texts))
        for _ in range(2)
    )
    report = replace(
        small_report(),
        transcript=Transcript("x", tuple(Turn(i, text) for i, text in enumerate(texts))),
        flags=(replace(flag, evidence=evidence, span=None),),
    )
    page = Page(render(Exhibit(report)))
    wanted = {str(i): text.replace("\0", "\ufffd") for i, text in enumerate(texts)}
    assert page.said == wanted


def test_heard_words_are_marked_with_their_flags() -> None:
    page = Page(render(sample_exhibit()))
    assert page.marks == [
        ("1", "停西挂帐"),
        ("2", "找了维权的老师"),
        ("2", "委托书都签了"),
        ("2", "交了两千块服务费"),
        ("3", "天天去银保监投诉你"),
        ("3", "老师给的模板我一天发二十份"),
    ]


def test_playing_starts_two_seconds_before_the_flag() -> None:
    report = sample_report()
    early = replace(report.flags[0], span=Span(1_500, 2_000))
    page = Page(render(Exhibit(replace(report, flags=(early, *report.flags[1:])), TITLES)))
    starts = [attrs["data-at"] for _, attrs in page.tags if "go-play" in (attrs.get("class") or "")]
    assert [float(start or -1) for start in starts] == [
        0.0,
        *((flag.span.start - 2000) / 1000 for flag in report.flags[1:] if flag.span),
    ]


def test_everything_a_supervisor_needs_is_there() -> None:
    text = " ".join(Page(render(sample_exhibit())).text.split())
    for words in (
        "升级处理 Escalate", "82 / 100", "核实代理关系", "我们没有授权任何收费机构",
        "声道 2 的音量很低", "非法代理维权 Illegal rights agency", "需复听 Needs listening",
        "C-88-20417", "第 4 句", "openai-whisper 20240930", "consumer-finance 2024.6",
    ):  # fmt: skip
        assert words in text, words


def test_a_call_without_times_audio_or_flags_still_shows() -> None:
    report = CallReport(
        Transcript("x", (Turn(0, "好"),)),
        RulesUsed((), ""),
        (),
        Assessment("unreadable", None, None, "not_assessable"),
    )
    page = Page(render(Exhibit(report)))
    names = [tag for tag, _ in page.tags]
    assert "audio" not in names and "svg" not in names and "mark" not in names
    assert "未评估" in page.text and "没有标记" in page.text and page.said == {"0": "好"}


def test_every_control_has_a_name_and_every_link_a_target() -> None:
    page = Page(render(sample_exhibit(sound=True)))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.tags:
        if tag == "a":
            assert (attrs["href"] or "")[1:] in ids
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
        if tag == "svg":
            assert attrs.get("aria-label") or attrs.get("aria-hidden") == "true"
