"""Every operator of the rule language, by what it finds in small calls."""

from __future__ import annotations

import pytest
from language import heard, matches, names, problems, rule_of

from voiceguard.domain import CallInfo, Span, Turn, Word

Q = "坐席：是有人教您的吗"


@pytest.mark.parametrize(
    ("rule", "call", "found"),
    [
        # all, any, of, not: one turn
        ("all: [停息挂账, 老师教]", "老师教我停息挂账", [["0:老师教", "0:停息挂账"]]),
        ("all: [停息挂账, 老师教]", "老师教我的\n我要停息挂账", []),
        ("any: [{of: 2, any: [停息, 挂账, 投诉]}]", "停息然后投诉", [["0:停息", "0:投诉"]]),
        ("any: [{of: 2, any: [停息, 挂账, 投诉]}]", "停息", []),
        ("all: [停息挂账, {not: 怎么}]", "怎么停息挂账\n我要停息挂账", [["1:停息挂账"]]),
        ("all: [停息挂账, {not: {not: 老师}}]", "停息挂账\n老师说停息挂账",
         [["1:老师", "1:停息挂账"]]),
        ("all: [停息挂账, {not: {any: [怎么, 什么]}}]", "什么停息挂账", []),
        ("all: [停息挂账, {not: {all: [怎么, 什么]}}]", "什么停息挂账", [["0:停息挂账"]]),
        # any and all of a rule together
        ("{any: [停息, 挂账], all: [老师]}", "老师说停息\n停息\n老师", [["0:老师", "0:停息"]]),
        # near
        ("any: [{near: [授权, 委托书], within: 4 chars}]", "授权那份委托书",
         [["0:授权", "0:委托书"]]),
        ("any: [{near: [授权, 委托书], within: 4 chars}]", "授权给他们签了委托书", []),
        ("any: [{near: [授权, 委托书], within: 4 chars}]", "委托书我授权",
         [["0:委托书", "0:授权"]]),
        ("any: [{near: [授权, 委托书], within: 4 chars, ordered: true}]", "委托书我授权", []),
        ("any: [{near: [授权, 委托书], within: 2 turns}]", "签授权\n嗯嗯\n委托书",
         [["0:授权", "2:委托书"]]),
        ("any: [{near: [授权, 委托书], within: 1 turns}]", "签授权\n嗯嗯\n委托书", []),
        ("any: [{near: [授权, 委托书], within: call}]", "签授权\n嗯\n嗯\n嗯\n委托书",
         [["0:授权", "4:委托书"]]),
        ("any: [{near: [授权, 委托书], within: turn}]", "授权的事很多很多说不完总之签了委托书",
         [["0:授权", "0:委托书"]]),
        ("any: [{near: [投诉, 投诉], within: 9 chars}]", "我投诉", []),
        ("any: [{near: [投诉, 投诉], within: 9 chars}]", "投诉，我投诉", [["0:投诉", "0:投诉"]]),
        ("any: [{near: [停息挂账, {not: 没有}], within: 3 chars}]", "我没有停息挂账\n停息挂账",
         [["1:停息挂账"]]),
        ("any: [{near: [停息挂账, {not: {any: [没有, 不要]}}], within: 3 chars}]",
         "不要停息挂账\n没有啊，我要停息挂账\n没有停息挂账", []),
        ("any: [{near: [停息挂账, {not: {any: [没有, 不要]}}], within: 1 chars}]",
         "不要停息挂账\n没有啊，我要停息挂账\n没有停息挂账", [["1:停息挂账"]]),
        ("any: [{near: [停息挂账, {not: 骗人}], within: 1 turns}]", "停息挂账\n那是骗人", []),
        ("any: [{near: [停息挂账, {not: 骗人}], within: 1 turns}]", "停息挂账\n嗯\n那是骗人",
         [["0:停息挂账"]]),
        ("any: [{near: [授权, 委托书], within: 10s}]", "1s 授权\n5s 委托书",
         [["0:授权", "1:委托书"]]),
        ("any: [{near: [授权, 委托书], within: 10s}]", "1s 授权\n15s 委托书", []),
        ("any: [{near: [授权, 委托书], within: 10s}]", "授权\n委托书", []),  # no times
        # nothing of the other party is evidence
        ("any: [{near: [是的, {phrase: 有人教, by: agent}], within: 1 turns}]", f"{Q}\n是的",
         [["1:是的"]]),
        # after, before
        ("any: [{phrase: 是的, after: 有人教}]", f"{Q}\n是的\n嗯\n是的", [["1:是的"]]),
        ("any: [{phrase: 是的, after: 有人教, within: 1 turns}]", f"{Q}\n嗯\n是的", []),
        ("any: [{phrase: 是的, after: 有人教}]", "有人教\n是的", []),  # the customer's own words
        ("any: [{phrase: 是的, after: {phrase: 有人教, by: customer}}]", "有人教\n是的",
         [["1:是的"]]),
        ("any: [{phrase: 是的, before: 有人教}]", f"是的\n{Q}", [["0:是的"]]),
        ("any: [{phrase: 是的, before: 有人教}]", f"{Q}\n是的", []),
        ("any: [{phrase: 是的, after: 有人教, within: 20s}]", f"1s {Q}\n9s 是的", [["1:是的"]]),
        ("any: [{phrase: 是的, after: 有人教, within: 20s}]", f"1s {Q}\n29s 是的", []),
        # place in the call
        ("any: [{phrase: 投诉, first: 2 turns}]", "喂\n投诉\n投诉", [["1:投诉"]]),
        ("any: [{phrase: 投诉, last: 2 turns}]", "投诉\n投诉\n喂", [["1:投诉"]]),
        ("any: [{phrase: 投诉, first: 10s}]", "2s 投诉\n12s 投诉", [["0:投诉"]]),
        ("any: [{phrase: 投诉, last: 5s}]", "2s 投诉\n12s 投诉\n13s 好的", [["1:投诉"]]),
        ("{any: [投诉], first: 1 turns}", "投诉\n投诉", [["0:投诉"]]),
        ("any: [{phrase: 投诉, nth: 2}]", "投诉\n投诉\n投诉", [["1:投诉"]]),
        ("any: [{phrase: 投诉, nth: -1}]", "投诉\n投诉\n喂", [["1:投诉"]]),
        ("any: [{phrase: 投诉, nth: 2}]", "投诉", []),
        # counts
        ("any: [{phrase: 投诉, times: 3}]", "投诉\n喂\n投诉，我投诉\n投诉",
         [["0:投诉", "2:投诉", "2:投诉"]]),
        ("any: [{phrase: 投诉, times: 2, within: 1 turns}]", "投诉\n喂\n投诉\n投诉",
         [["2:投诉", "3:投诉"]]),
        ("any: [{repeated: 2}]", "我就是没钱你去告我\n嗯\n我就是没有钱你去告我吧",
         [["0:我就是没钱你去告我", "2:我就是没有钱你去告我吧"]]),
        ("any: [{repeated: 2}]", "我就是没钱你去告我\n今天天气真的不错啊", []),
        ("any: [{repeated: 2, within: 1 turns}]", "我就是没钱你去告我\n嗯\n我就是没钱你去告我", []),
        ("any: [{phrase: 没钱, repeated: 2}]", "就是没钱你去告我\n就是有钱你去告我", []),
        # scripts
        ("any: [{script: [{step: 甲, any: [先生你好]}, {step: 乙, any: [欠款逾期]}, "
         "{step: 丙, any: [尽快处理]}]}]", "先生你好\n欠款逾期\n尽快处理",
         [["0:先生你好", "1:欠款逾期", "2:尽快处理"]]),
        ("any: [{script: [{step: 甲, any: [先生你好]}, {step: 乙, any: [欠款逾期]}, "
         "{step: 丙, any: [尽快处理]}]}]", "尽快处理\n欠款逾期\n先生你好", []),
        # numbers and entities
        ("any: [{number: amount, at_least: 3000}]", "给我三千六\n给我两百块", [["0:三千六"]]),
        ("any: [{number: amount, at_most: 40000}]", "我转了3.5万块，不是35万", [["0:3.5万块"]]),
        ("any: [{number: percent, at_most: 10}]", "百分之八的费用\n百分之二十", [["0:百分之八"]]),
        ("any: [{entity: phone}]", "打一三八零零一三八零零零\n一二三四五六七",
         [["0:一三八零零一三八零零零"]]),
        # sentences
        ("any: [{like: [我现在确实没有能力偿还]}]", "我现在确实是没能力偿还了\n我没有收到",
         [["0:我现在确实是没能力偿还"]]),
        # what is written in one phrase
        ("any: ['签(了)[委托书|授权书]']", "签了授权书\n签委托书\n签合同",
         [["0:签了授权书"], ["1:签委托书"]]),
        ("any: [{phrase: 停息挂账, sound: false}]", "停西挂帐", []),
        ("any: [{phrase: 停息挂账, tolerance: 1}]", "停息卦涨了\n停下挂账",
         [["0:停息卦涨"], ["1:停下挂账"]]),
        ("any: [{phrase: 停息挂账, tone: true}]", "停系挂账\n停西挂帐", [["1:停西挂帐"]]),
        ("any: [{phrase: 非恶意逾期证明, tolerance: 0}]", "非恶意一期证明\n非恶意预期证明",
         [["1:非恶意预期证明"]]),
        # what speaks against it, in the turn or only beside it
        ("{any: [投诉], unless: [没有]}", "没有什么我要投诉", []),
        ("{any: [投诉], unless: [{phrase: 没有, within: 2 chars}]}", "没有什么我要投诉",
         [["0:投诉"]]),
        ("{any: [投诉], unless: [{phrase: 没有, within: 2 chars}]}", "我没有投诉", []),
        ("{any: [投诉], unless: [{phrase: 不要投诉, by: agent, within: 1 turns}]}",
         "我投诉\n坐席：不要投诉", []),
    ],
)
def test_what_is_found(rule: str, call: str, found: list[list[str]]) -> None:
    assert heard(rule, call) == found


class TestAbsence:
    RULE = ("{roles: [agent], any: [{absent: {any: [通话录音, 正在录音]}, until: %s}]}")

    @pytest.mark.parametrize(
        ("until", "call", "turns"),
        [
            ("call", "坐席：您好\n客户：你好\n坐席：再见", [2]),
            ("call", "坐席：您好\n坐席：本次通话录音", []),
            ("call", "客户：您好\n客户：通话录音", []),  # no agent speaks
            ("call", "坐席：您好\n客户：通话录音", [0]),  # said by somebody else
            ("2 turns", "坐席：您好\n客户：嗯\n坐席：通话录音", [0]),
            ("2 turns", "客户：喂\n客户：嗯\n坐席：通话录音", [2]),
            ("3 turns", "坐席：您好\n客户：嗯\n坐席：通话录音", []),
            ("3 turns", "坐席：您好\n客户：嗯", []),  # not yet due
            ("30s", "1s 坐席：您好\n40s 坐席：通话录音", [0]),
            ("30s", "1s 坐席：您好\n20s 坐席：通话录音\n40s 坐席：嗯", []),
            ("30s", "1s 坐席：您好", []),  # the call ended before
            ("30s", "坐席：您好\n坐席：再见", []),  # without times nobody can tell
        ],
    )
    def test_shown_where_it_was_due(self, until: str, call: str, turns: list[int]) -> None:
        found = matches(self.RULE % until, call)
        assert [e.turn for m in found for e in m.evidence] == turns
        assert {m.how for m in found} <= {"absence"}
        assert all("没有说" in m.notes[0] for m in found)

    def test_together_with_what_was_said(self) -> None:
        rule = "{roles: [agent], all: [欠款, {absent: 核对身份}]}"
        assert heard(rule, "坐席：您的欠款\n坐席：好的") == [["0:欠款"]]
        assert heard(rule, "坐席：您的欠款\n坐席：核对身份") == []


class TestSound:
    @pytest.mark.parametrize(
        ("rule", "turns", "found"),
        [
            ("{silence: 5s}", [("agent", 0, 1000), ("customer", 7000, 8000)], [1]),
            ("{silence: 9s}", [("agent", 0, 1000), ("customer", 7000, 8000)], []),
            ("{delay: 3s}", [("agent", 0, 1000), ("customer", 5000, 8000)], [1]),
            ("{delay: 3s}", [("customer", 0, 1000), ("customer", 5000, 8000)], []),
            ("{interruption: 500ms}", [("agent", 0, 3000), ("customer", 2000, 8000)], [1]),
            ("{monologue: 8s}", [("agent", 0, 1), ("customer", 10, 5000),
                                 ("customer", 5000, 9000)], [2]),
            ("{rate: speed, at_least: 9}", [("customer", 0, 1000)], [0]),
            ("{rate: speed, at_least: 9}", [("customer", 0, 2000)], []),
            ("{rate: change, at_least: 1.8}", [("customer", 0, 2000), ("customer", 2000, 4000),
                                               ("customer", 4000, 5000)], [2]),
            ("{call: seconds, at_most: 5}", [("customer", 0, 2000)], [0]),
            ("{call: seconds, at_most: 5}", [("customer", 0, 9000)], []),
            ("{call: turns, at_least: 2}", [("customer", 0, 9), ("agent", 10, 20)], [0]),
            ("{last_speaker: agent}", [("customer", 0, 9), ("agent", 10, 20)], [0]),
            ("{last_speaker: customer}", [("customer", 0, 9), ("agent", 10, 20)], []),
        ],
    )
    def test_measures(self, rule: str, turns: list[tuple[str, int, int]], found: list[int]) -> None:
        call = [Turn(i, "我说了十个字就是这样", role, span=Span(a, b))  # type: ignore[arg-type]
                for i, (role, a, b) in enumerate(turns)]
        got = matches(f"any: [{rule}]", call)
        assert [e.turn for m in got for e in m.evidence] == found
        assert {m.how for m in got} <= {"acoustic"}

    def test_loudness_over_ones_own_mean(self) -> None:
        call = [Turn(i, "喂", "customer", level_db=db) for i, db in enumerate((-30, -30, -18))]
        found = matches("any: [{loudness: change, at_least: 10}]", call)
        assert [e.turn for m in found for e in m.evidence] == [2]


class TestTime:
    def test_the_hits_own_time_counts_not_its_turns(self) -> None:
        text = "喂你好我先说说别的事情然后我要投诉"
        words = tuple(Word(ch, Span(4000 * i, 4000 * i + 1000)) for i, ch in enumerate(text))
        call = [Turn(0, text, "customer", span=Span(0, 65_000), words=words)]
        assert matches("any: [{phrase: 投诉, first: 60s}]", call) == ()
        assert matches("any: [{phrase: 投诉, first: 61s}]", call)
        assert matches("any: [{phrase: 投诉, last: 10s}]", call)
        assert not matches("any: [{phrase: 你好, last: 10s}]", call)

    def test_without_words_the_place_in_the_text_counts(self) -> None:
        call = [Turn(0, "喂" * 98 + "投诉", "customer", span=Span(0, 100_000))]
        assert matches("any: [{phrase: 投诉, first: 30s}]", call) == ()


def test_the_answer_is_flagged_and_the_question_is_context() -> None:
    (match,) = matches("any: [{phrase: 是的, after: 有人教}]", f"{Q}\n嗯\n是的")
    assert [e.turn for e in match.evidence] == [2]
    assert match.context == (0,)
    assert match.role == "customer"


def test_a_script_says_what_was_heard_and_what_was_missing() -> None:
    rule = """any: [{script: [{step: 开场, any: [先生你好]}, {step: 诉苦, any: [失业了]},
        {step: 要求, any: [停息挂账]}, {step: 威胁, any: [不然就投诉]}], score: 0.7}]"""
    (match,) = matches(rule, "先生你好\n停息挂账\n坐席：嗯\n不然就投诉")
    assert [e.step for e in match.evidence] == ["开场", "要求", "威胁"]
    assert match.how == "script"
    assert match.score == 0.75
    assert match.notes == (
        "话术4步听到3步：开场（第1句）、要求（第2句）、威胁（第4句）", "缺少：诉苦")


def test_a_staff_script_is_flagged_where_it_was_not_followed() -> None:
    rule = """{roles: [agent], any: [{script: [{step: 问好, any: [您好]},
        {step: 报工号, any: [工号]}], below: 0.9}]}"""
    (match,) = matches(rule, "坐席：您好\n客户：嗯")
    assert match.notes[1] == "缺少：报工号"
    assert matches(rule, "坐席：您好，工号一二三") == ()
    assert matches(rule, "坐席：喂\n客户：嗯")[0].evidence[0].turn == 0
    assert matches(rule, "客户：嗯") == ()


class TestNames:
    KNOWN = """
lists: {regulator: [银保监会, 金融监管局], verb: [投诉, 举报]}
conditions:
  threat: '[去|找]%regulator%verb'
  ask: {any: [怎么, 什么]}
  taught: {condition: threat && !ask}
"""

    def test_lists_and_expressions(self) -> None:
        known = names(self.KNOWN)
        call = "我去银保监会举报\n怎么去金融监管局投诉\n去银保监会"
        assert heard("condition: threat", call, known) == [
            ["0:去银保监会举报"], ["1:去金融监管局投诉"]]
        assert heard("condition: threat && !ask", call, known) == [["0:去银保监会举报"]]
        assert heard("any: [{use: taught}]", call, known) == [["0:去银保监会举报"]]
        assert heard("condition: threat and (ask or taught)", call, known) == [
            ["0:去银保监会举报"], ["1:怎么", "1:去金融监管局投诉"]]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("{use: nobody}", "no condition 'nobody'"),
            ("{condition: 'ask &&'}", "a name is missing"),
            ("{condition: 'ask threat'}", "'threat' is not expected"),
            ("{condition: '(ask'}", "a bracket has no end"),
            ("{condition: 'ask ? threat'}", "can't read"),
            ("'去%nobody了'", "no word list 'nobody'"),
            ("'去[甲'", "without its end"),
            ("'去甲]'", "without its beginning"),
            ("'[一|二][一|二][一|二][一|二][一|二][一|二][一|二][一|二][一|二][一|二][一|二]'",
             "more than 1024"),
            ("'(可选)了'", "too short"),
            ("{near: [甲乙, 丙丁]}", "needs within"),
            ("{near: [甲乙, 丙丁], within: soon}", "is no length"),
            ("{near: [{not: 甲乙}, {not: 丙丁}], within: turn}", "must not be heard"),
            ("{phrase: 甲乙, within: 3 turns}", "within goes with"),
            ("{phrase: 甲乙, of: 2}", "of goes with any"),
            ("{phrase: 甲乙, first: 3 chars}", "does not fit here"),
            ("{not: 甲乙, nth: 2}", "nth needs something that is heard"),
            ("{phrase: 甲乙, after: 丙丁, times: 2}", "nest one in all"),
            ("{phrase: 甲乙, nth: 0}", "counts from 1"),
            ("{of: 3, any: [甲乙, 丙丁]}", "of: 3 of only 2"),
            ("{rate: speed}", "needs at_least or at_most"),
            ("{sound: false}", "says nothing that could be heard"),
            ("{like: [短]}", "too short"),
            ("{number: amount, at_least: 5, at_most: 1}", "more than at_most"),
            ("{script: [{step: 甲, any: [甲乙]}, {step: 甲, any: [丙丁]}]}", "the same name"),
            ("{absent: {not: 甲乙}}", "nothing that could be heard"),
        ],
    )
    def test_problems(self, text: str, says: str) -> None:
        (problem,) = problems(text, names(self.KNOWN))
        assert says in problem
        assert problem.startswith("x.yaml:1: ")


@pytest.mark.parametrize(
    ("when", "info", "holds"),
    [
        ("{direction: outbound}", {"direction": "outbound"}, True),
        ("{direction: outbound}", {"direction": "inbound"}, False),
        ("{direction: outbound}", {}, False),
        ("{product: [card, loan]}", {"product": "Loan"}, True),
        ("{days_overdue: {at_least: 30}}", {"days_overdue": 45}, True),
        ("{days_overdue: {at_least: 30}}", {"days_overdue": "unknown"}, False),
        ("{language: zh}", {}, True),
        ("{language: en}", {}, False),
    ],
)
def test_what_is_known_of_the_call(when: str, info: dict[str, str | int], holds: bool) -> None:
    found = matches(f"{{any: [投诉], when: {when}}}", "投诉", info=CallInfo.of(info))
    assert bool(found) == holds


@pytest.mark.parametrize(
    ("about", "day", "holds"),
    [
        ("valid_from: 2025-01-01", "2024-12-31T09:00", False),
        ("valid_from: 2025-01-01", "2025-01-01T09:00", True),
        ("valid_to: 2025-01-01", "2025-01-01T23:00", True),
        ("valid_to: 2025-01-01", "2025-01-02T00:00", False),
        ("valid_to: 2025-01-01", "", True),
        ("status: deprecated", "2025-01-01", False),
        ("status: experimental", "2025-01-01", True),
    ],
)
def test_rules_in_force(about: str, day: str, holds: bool) -> None:
    info = CallInfo.of({"started_at": day or None})
    assert bool(matches(f"{{any: [投诉], {about}}}", "投诉", info=info)) == holds


def test_channels() -> None:
    turns = [Turn(i, "投诉", "customer", channel=i) for i in (0, 1)]
    assert [m.evidence[0].turn for m in matches("{any: [投诉], channel: 1}", turns)] == [1]


def test_signals_by_name() -> None:
    from voiceguard.match import Matcher

    matcher = Matcher([rule_of("all: [老师, {signal: coached, score: 0.6}]")])
    assert matcher.feed(Turn(0, "老师", "customer"), {"coached": 0.5}) == []
    (match,) = matcher.feed(Turn(1, "老师", "customer"), {"coached": 0.7})
    assert {e.how for e in match.evidence} == {"exact", "semantic"}


def test_calls_can_be_under_way_at_once() -> None:
    from voiceguard.match import Matcher

    matcher = Matcher([rule_of("any: [{phrase: 投诉, times: 2}]")])
    one, two = matcher.open(), matcher.open()
    assert one.feed(Turn(0, "投诉", "customer")) == []
    assert two.feed(Turn(0, "投诉", "customer")) == []
    assert len(one.feed(Turn(1, "投诉", "customer"))) == 1
