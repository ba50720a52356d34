"""A realistic stereo call: ten turns in Mandarin, three flags, a warning, and a tone to play.

``python tests/report/sample_report.py OUT.html`` renders it. Everybody in it is invented.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import wave
from pathlib import Path

from voiceguard.domain import (
    Action,
    Assessment,
    CallInfo,
    CallReport,
    Engine,
    Event,
    Evidence,
    Flag,
    How,
    Notice,
    Recording,
    Role,
    RulesUsed,
    Span,
    Transcript,
    Turn,
    Word,
)
from voiceguard.report import Audio, Exhibit

DURATION = 74_380
TITLES = {
    "anti_collection": ("反催收", "Anti-collection tactics"),
    "illegal_agency": ("非法代理维权", "Illegal rights agency"),
    "malicious_complaint": ("恶意投诉", "Malicious complaint"),
}

_SPOKEN: tuple[tuple[Role, int, int, str], ...] = (
    ("agent", 1_200, 6_480, "您好，这里是安信消费金融客服中心，工号三零七二，请问是陈先生本人吗？"),
    ("customer", 7_050, 9_310, "是我，你们又打过来干什么。"),
    ("agent", 9_900, 17_240,
     "陈先生，您名下的消费贷本期逾期四十六天，应还三千二百八十元，想了解一下您目前的还款安排。"),
    ("customer", 18_020, 25_760,
     "我现在没有能力还，我要求停西挂帐，分六十期，利息全部减免，这个是有政策的。"),
    ("agent", 26_300, 31_940, "您遇到了什么困难呢？如果确实困难，可以提交材料申请延期或者分期。"),
    ("customer", 32_500, 42_870,
     "材料我有人帮我弄，我找了维权的老师，委托书都签了，交了两千块服务费，后面你们跟他谈。"),
    ("agent", 43_300, 50_120,
     "提醒您，我们没有授权任何收费的代理机构，请不要把身份证和验证码交给别人。"),
    ("customer", 50_480, 60_310,
     "你不给我停，我就天天去银保监投诉你，老师给的模板我一天发二十份，你撤不撤？"),
    ("agent", 60_900, 67_050,
     "投诉是您的权利，我们会如实登记。今天的情况我记录下来，专员会再联系您。"),
    ("customer", 67_800, 70_140, "行，那你登记吧。"),
)  # fmt: skip


def sample_transcript() -> Transcript:
    """The words, with a time for every character."""
    turns = tuple(
        Turn(
            index=index, text=text, role=role, speaker="S1" if role == "agent" else "S2",
            channel=0 if role == "agent" else 1, span=Span(start, end), confidence=0.91,
            words=_words(text, start, end), level_db=-23.5,
        )
        for index, (role, start, end, text) in enumerate(_SPOKEN)
    )  # fmt: skip
    return Transcript(
        id="2024-05/0512-103244-3072",
        turns=turns,
        events=(
            Event("tone", Span(0, 900)),
            Event("silence", Span(70_200, 74_300)),
            Event("overlap", Span(50_100, 50_600), value=0.5),
        ),
        info=CallInfo.of({
            "call_id": "0512-103244-3072", "customer_id": "C-88-20417", "agent_id": "3072",
            "team": "早期催收二组", "line_of_business": "消费贷", "product": "安心贷",
            "days_overdue": 46, "direction": "呼出", "started_at": "2024-05-12T10:32:44+08:00",
        }),
        recording=Recording(
            "recordings/2024-05/0512-103244-3072.wav",
            "5d1c0f0c7c1f9d2b0f6a7f8b3f5d6c0e6f3a9b4b7a1c2d3e4f5061728394a5b6",
            DURATION, 8000, 2, "alaw",
        ),
        engine=Engine(
            "openai-whisper", "20240930", "demo", "a1b2c3d4" * 8, "zh",
            (("beam_size", 5), ("word_times", "all")),
        ),
        notices=(Notice("low_level", "声道 2 的音量很低（-38 dBFS），个别字可能听错。"),),
    )  # fmt: skip


def sample_report() -> CallReport:
    """The same call, judged: three flags of which one needs listening."""
    transcript = sample_transcript()
    return CallReport(
        transcript=transcript,
        rules=RulesUsed((("consumer-finance", "2024.6"), ("agent-conduct", "1.2")), "9f" * 32),
        flags=_flags(transcript),
        assessment=Assessment(
            outcome="conversation", risk="high", score=82, disposition="escalate",
            categories=(
                ("illegal_agency", 0.94), ("malicious_complaint", 0.81), ("anti_collection", 0.62),
            ),
            actions=(
                Action("verify-authority", "核实代理关系，不与第三方谈方案",
                       "按规定，还款安排只能和您本人协商，我们没有授权任何收费机构。"),
                Action("offer-hardship", "说明正规的困难申请渠道",
                       "如果确有困难，您可以提交收入或医疗证明，我们免费为您申请。"),
                Action("hand-over", "转交专项组，并登记投诉威胁"),
            ),
        ),
    )  # fmt: skip


def small_report() -> CallReport:
    """Two turns with words that are awkward for every format, and one flag: for golden files."""
    heard = Evidence(1, (0, 7), "=停息<b>挂", "停息挂账", "fuzzy", 0.8125, Span(2_000, 3_001))
    flag = Flag(
        "f-1", "ac-stop-interest-01", "要求停息挂账", "anti_collection", "high", "customer", (1,),
        heard.span, heard.text, heard.matched, "fuzzy", 0.8125, "听到的话与「停息挂账」相近。",
        (heard,), 0.5, True, (0,),
    )  # fmt: skip
    turns = (
        Turn(0, "您好 & 请讲\n--> 完", "agent", None, 0, Span(40, 1_500), None, (Word("您好"),)),
        Turn(1, "=停息<b>挂\t账", "customer", "S2", 1, Span(2_000, 3_723_004), 0.75),
    )
    transcript = Transcript(
        "small/1", turns, "zh", (Event("silence", Span(1_500, 2_000), value=0.5),),
        CallInfo.of({"agent_id": "007", "days_overdue": 3}),
        Recording("calls/small 1.wav", "ab" * 32, 3_724_000, 8000, 2, "alaw"),
    )  # fmt: skip
    actions = (Action("listen", "复听", "请稍等。"),)
    assessment = Assessment(
        "conversation", "high", 71, "listen", (("anti_collection", 0.71),), actions
    )
    notice = Notice("truncated", "文件在 1:02:04 之后读不出来。", 1)
    return CallReport(
        transcript, RulesUsed((("core", "1"),), "cd" * 32), (flag,), assessment, (notice,)
    )


def sample_exhibit(*, sound: bool = False) -> Exhibit:
    """Ready for any exporter, on request with a quiet stereo tone and peaks."""
    report = sample_report()
    if not sound:
        return Exhibit(report, TITLES)
    return Exhibit(report, TITLES, Audio("audio/wav", _tone()), _peaks(report.transcript))


def _words(text: str, start: int, end: int) -> tuple[Word, ...]:
    step = (end - start) / len(text)
    return tuple(
        Word(char, Span(round(start + i * step), round(start + (i + 1) * step)), 0.9)
        for i, char in enumerate(text)
    )


def _evidence(
    transcript: Transcript, turn: int, text: str, matched: str, how: How, score: float,
    step: str | None = None,
) -> Evidence:  # fmt: skip
    spoken = transcript.turns[turn]
    start = spoken.text.index(text)
    spans = [word.span for word in spoken.words[start : start + len(text)] if word.span]
    span = spans[0].cover(spans[-1])
    return Evidence(turn, (start, start + len(text)), text, matched, how, score, span, step)


def _whole(evidence: tuple[Evidence, ...]) -> Span:
    spans = [item.span for item in evidence if item.span]
    return spans[0].cover(spans[-1])


def _flags(transcript: Transcript) -> tuple[Flag, ...]:
    stop = _evidence(transcript, 3, "停西挂帐", "停息挂账", "sound", 0.93)
    agency = (
        _evidence(transcript, 5, "找了维权的老师", "找维权老师", "near", 0.9, "受人指导"),
        _evidence(transcript, 5, "委托书都签了", "签委托书", "near", 0.86, "授权"),
        _evidence(transcript, 5, "交了两千块服务费", "交服务费", "regex", 1.0, "收费"),
    )
    threat = (
        _evidence(transcript, 7, "天天去银保监投诉你", "天天投诉", "fuzzy", 0.78),
        _evidence(transcript, 7, "老师给的模板我一天发二十份", "投诉模板", "near", 0.84),
    )
    return (
        Flag(
            "f-3a91", "ac-stop-interest-01", "要求停息挂账并引用所谓政策", "anti_collection",
            "medium", "customer", (3,), stop.span, "停西挂帐", "停息挂账", "sound", 0.93,
            "客户说的「停西挂帐」与话术词「停息挂账」读音相同，识别写成了别的字。",
            (stop,), 0.64, True, (2,),
        ),
        Flag(
            "f-77c0", "ia-paid-agent-03", "承认聘请收费代理并已签委托书", "illegal_agency",
            "critical", "customer", (5,), _whole(agency), "交了两千块服务费", "交服务费",
            "script", 0.94, "同一句里出现受人指导、签委托书和付服务费三个步骤。",
            agency, 0.88, False, (4,),
        ),
        Flag(
            "f-b2e4", "mc-leverage-02", "以批量投诉要挟撤销", "malicious_complaint", "high",
            "customer", (7,), _whole(threat), "天天去银保监投诉你", "天天投诉",
            "fuzzy", 0.81, "客户用每天批量投诉来换取停止催收，并提到别人给的模板。",
            threat, 0.86, False, (6,),
        ),
    )  # fmt: skip


def _peaks(transcript: Transcript) -> tuple[tuple[float, ...], ...]:
    rows: list[tuple[float, ...]] = []
    for channel in (0, 1):
        spans = [turn.span for turn in transcript.turns if turn.channel == channel and turn.span]
        rows.append(tuple(
            (0.25 + 0.7 * abs(math.sin(i * 0.37) * math.cos(i * 0.113 + channel)))
            if any(span.start <= i * 93 < span.end for span in spans)
            else 0.03 + 0.02 * abs(math.sin(i))
            for i in range(DURATION // 93)
        ))  # fmt: skip
    return tuple(rows)


def _tone() -> bytes:
    """A second of two quiet tones: enough for a browser to have something to play."""
    data = b"".join(
        struct.pack("<hh", round(900 * math.sin(i * 0.2)), round(900 * math.sin(i * 0.3)))
        for i in range(8000)
    )
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 8000, 8000, "NONE", ""))
        file.writeframes(data)
    return out.getvalue()


if __name__ == "__main__":
    from voiceguard.report.html import render

    Path(sys.argv[1]).write_text(render(sample_exhibit(sound=True)), "utf-8")
