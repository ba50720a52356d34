from __future__ import annotations

import pytest

from voiceguard.assess import FlagOptions, assess, flag_matches, outcome_of
from voiceguard.domain import (
    Event,
    Evidence,
    Flag,
    Match,
    Notice,
    Role,
    RulesUsed,
    Severity,
    Span,
    Transcript,
    Turn,
    Word,
)
from voiceguard.rules import Category, Library, Phrase, Rule, load_playbook

PLAYBOOK = load_playbook()


def flag(severity: Severity, turn: int = 0, listen: bool = False, score: float = 1.0,
         category: str = "anti_collection") -> Flag:
    evidence = Evidence(turn, (0, 2), "甲乙", "甲乙", "exact", score)
    return Flag("id", f"{category}.r", "规则", category, severity, "customer", (turn,), None,
                "甲乙", "甲乙", "exact", score, "。", (evidence,), needs_listening=listen)


@pytest.mark.parametrize(
    ("flags", "risk", "disposition"),
    [
        ([], "none", "clear"),
        ([flag("low")], "low", "listen"),
        ([flag("low", i) for i in range(9)], "low", "listen"),
        ([flag("medium")], "medium", "review"),
        ([flag("medium", 1), flag("medium", 1), flag("medium", 1)], "medium", "review"),
        ([flag("medium", i) for i in range(3)], "high", "escalate"),
        ([flag("high")], "high", "escalate"),
        ([flag("critical")], "high", "escalate"),
        ([flag("medium", listen=True)], "low", "listen"),
        ([flag("high", listen=True)], "medium", "listen"),
        ([flag("high", listen=True), flag("medium", 2)], "medium", "review"),
    ],
)
def test_risk_and_disposition(flags: list[Flag], risk: str, disposition: str) -> None:
    made = assess("conversation", flags, PLAYBOOK)
    assert (made.risk, made.disposition) == (risk, disposition)


def test_the_score_ranks() -> None:
    calls: list[list[Flag]] = [
        [], [flag("low")], [flag("medium", score=0.8)], [flag("medium")], [flag("high")],
        [flag("high"), flag("medium", 1)], [flag("critical"), flag("high", 1)],
    ]
    scores = [assess("conversation", c, PLAYBOOK).score or 0 for c in calls]
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert scores[-1] <= 100
    assert len(set(scores)) == len(scores)


@pytest.mark.parametrize("outcome", ["no_speech", "unreadable"])
def test_what_was_not_heard_is_never_clear(outcome: str) -> None:
    made = assess(outcome, [], PLAYBOOK)  # type: ignore[arg-type]
    assert (made.risk, made.score, made.disposition) == (None, None, "not_assessable")


def test_actions_follow_category_and_risk() -> None:
    low = assess("conversation", [flag("low", category="phishing")], PLAYBOOK)
    high = assess("conversation", [flag("critical", category="phishing")], PLAYBOOK)
    wanted = PLAYBOOK.categories["phishing", "high"]
    assert set(wanted) <= {a.id for a in high.actions}
    assert len({a.id for a in high.actions}) == len(high.actions)
    assert not set(wanted) & {a.id for a in low.actions}


def only(kind: str, value: float | None = None) -> Transcript:
    """Nobody speaks; the line sounds like this."""
    return Transcript("c", events=(Event(kind, Span(0, 9000), 1, value),))


def call(*texts: str, role: Role = "agent", notices: tuple[Notice, ...] = ()) -> Transcript:
    turns = tuple(Turn(i, t, role, channel=0) for i, t in enumerate(texts))
    return Transcript("c", turns, notices=notices)


@pytest.mark.parametrize(
    ("transcript", "outcome"),
    [
        (call(), "no_speech"),
        (call(notices=(Notice("unreadable", "x"),)), "unreadable"),
        (only("tone", 450.3), "no_answer"),  # it rang, or was busy
        (only("music"), "no_answer"),  # music instead of ringing
        (only("tone", 2100.0), "machine"),  # a fax
        (only("tone"), "no_speech"),  # keys: somebody was there
        (only("silence"), "no_speech"),
        (call("喂，您好", "喂，听得到吗", "那我稍后再打"), "no_answer"),
        (call("您好，您拨打的用户暂时无法接通，请稍后再拨"), "machine"),
        (call("请在嘀声后留言"), "machine"),
        (call("喂，您好", "您欠的三千块什么时候还"), "conversation"),
        (call("喂", "您好", role="unknown"), "conversation"),  # nobody knows who speaks
        (
            Transcript("c", (Turn(0, "喂，您好", "agent"), Turn(1, "哎你好", "customer"))),
            "conversation",
        ),
    ],
)
def test_outcomes(transcript: Transcript, outcome: str) -> None:
    assert outcome_of(transcript) == outcome


class TestFlagging:
    rule = Rule("anti_collection.r", ("挂账", "x"), "anti_collection", "critical",
                frozenset(["customer"]), (Phrase("停息挂账", ("停息挂账",)),), (), ("x",), ("y",))
    library = Library((rule,), (Category("anti_collection", "反催收", "x"),), RulesUsed((), ""))

    def made(self, confidence: float | None = 0.9, hints: tuple[str, ...] = (),
             assumed: bool = False) -> Flag:
        words = tuple(Word(c, Span(100 * i, 100 * i + 90), confidence)
                      for i, c in enumerate("我要停西挂帐"))
        turn = Turn(0, "我要停西挂帐", "customer", span=Span(0, 700), words=words)
        evidence = Evidence(0, (2, 6), "停西挂帐", "停息挂账", "sound", 0.97, Span(200, 590))
        match = Match("anti_collection.r", "customer", (evidence,), role_assumed=assumed)
        options = FlagOptions(hints=hints)
        (flag,) = flag_matches([match], Transcript("c", (turn,)), self.library, options)
        return flag

    def test_says_what_was_heard_and_what_was_wanted(self) -> None:
        flag = self.made()
        assert (flag.text, flag.matched, flag.how) == ("停西挂帐", "停息挂账", "sound")
        assert "停西挂帐" in flag.explanation
        assert "停息挂账" in flag.explanation
        assert flag.span == Span(200, 590)
        assert flag.confidence == 0.9
        assert not flag.needs_listening

    def test_unsure_words_must_be_heard(self) -> None:
        assert self.made(confidence=0.2).needs_listening
        assert self.made(confidence=None).confidence is None
        assert not self.made(confidence=None).needs_listening

    def test_a_hinted_term_must_be_heard(self) -> None:
        assert self.made(hints=("停西",)).needs_listening
        assert not self.made(hints=("别的",)).needs_listening

    def test_an_assumed_role_is_at_most_medium_and_must_be_heard(self) -> None:
        flag = self.made(assumed=True)
        assert (flag.severity, flag.needs_listening) == ("medium", True)

    def test_the_id_is_the_place_and_the_words(self) -> None:
        assert self.made().id == self.made(confidence=0.1).id
