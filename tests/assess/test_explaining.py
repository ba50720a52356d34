"""Every way of finding something is explained in a sentence that a supervisor can check."""

from __future__ import annotations

import pytest
import yaml

from voiceguard.assess import FlagOptions, flag_matches
from voiceguard.domain import RulesUsed, Transcript
from voiceguard.evaluate.examples import dialogue
from voiceguard.match import Matcher, match_transcript
from voiceguard.rules import Library
from voiceguard.rules.parse import rule as read_rule
from voiceguard.rules.yaml_nodes import Document

STEPS = (
    "[{step: 开场, any: [先生你好]}, {step: 诉苦, any: [失业了]}, {step: 要求, any: [停息挂账]}]"
)


@pytest.mark.parametrize(
    ("rule", "call", "how", "explained"),
    [
        ("any: [停息挂账]", "停息挂账", "exact", "客户说了“停息挂账”，符合规则“规则”。"),
        ("any: [停息挂账]", "停西挂帐", "sound",
         "客户说了“停西挂帐”，读音同“停息挂账”（相似度 1.00），符合规则“规则”。"),
        ("any: [{near: [停息挂账, 老师], within: 2 turns}]", "老师说的\n停西挂帐", "near",
         "客户前后说到“老师”、“停西挂帐”（音近“停息挂账”），符合规则“规则”。"),
        ("any: [{phrase: 是的, after: 有人教}]", "坐席：有人教您吗\n是的", "exact",
         "客户说了“是的”，符合规则“规则”；前后语境见第1句。"),
        (f"any: [{{script: {STEPS}}}]", "先生你好\n停息挂账", "script",
         "客户话术3步听到2步：开场（第1句）、要求（第2句），缺少：诉苦，符合规则“规则”。"),
        ("{roles: [agent], any: [{absent: 正在录音, until: 30s}]}", "1s 坐席：喂\n31s 坐席：嗯",
         "absence", "坐席开头30秒内没有说“正在录音”，符合规则“规则”。"),
        ("any: [{silence: 5s}]", "1s 坐席：喂\n10s 客户：嗯", "acoustic",
         "客户此前静默8.8秒，符合规则“规则”。"),
        ("any: [{phrase: 投诉, times: 2}]", "投诉\n投诉", "exact",
         "客户说了“投诉”，共说了2次，符合规则“规则”。"),
        ("any: [{number: amount, at_least: 3000}]", "给了三千六", "exact",
         "客户说了“三千六”，符合规则“规则”。"),
    ],
)
def test_explanations(rule: str, call: str, how: str, explained: str) -> None:
    value = {
        "id": "c.r", "title": {"zh": "规则", "en": "Rule"}, "category": "c", "severity": "medium",
        "roles": ["customer"], "examples": {"hit": ["x"], "miss": ["y"]}, **yaml.safe_load(rule),
    }
    document = Document("x.yaml", yaml.safe_dump(value, allow_unicode=True))
    made = read_rule(document.value, document, (), {"c"})
    assert made is not None, document.problems
    transcript = Transcript("t", dialogue(call, "customer"))
    found = match_transcript(Matcher([made]), transcript)
    library = Library((made,), (), RulesUsed((), ""))
    (flag,) = flag_matches(found, transcript, library, FlagOptions())
    assert (flag.how, flag.explanation) == (how, explained)
