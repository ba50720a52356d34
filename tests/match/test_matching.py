from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from voiceguard.domain import Role, Span, Turn, Word
from voiceguard.match import Matcher
from voiceguard.match.conditions.view import span_of
from voiceguard.match.hit import Hit, TurnText, strongest
from voiceguard.match.phrases import FUZZY_FROM, GAP, SOUND_FROM, PhraseFinder
from voiceguard.rules import Pattern, Phrase, Rule
from voiceguard.text import normalise, sounds


def phrase(text: str, sound: bool = True) -> Phrase:
    return Phrase(text, tuple(normalise(p).text for p in text.split("…")), sound)


def rule(*any_: str, roles: tuple[Role, ...] = ("customer",), unless: tuple[str, ...] = ()) -> Rule:
    return Rule("c.r", ("规则", "Rule"), "c", "high", frozenset(roles), tuple(map(phrase, any_)),
                tuple(map(phrase, unless)), ("x",), ("y",))


def found(wanted: str, heard: str) -> list[tuple[str, str]]:
    text = TurnText(heard)
    return [(h.how, heard[slice(*text.normalised.chars(h.start, h.end))])
            for h in PhraseFinder(phrase(wanted)).find(text)]


@pytest.mark.parametrize(
    ("wanted", "heard", "hits"),
    [
        ("停息挂账", "我要停息挂账", [("exact", "停息挂账")]),
        ("停息挂账", "我要停西挂帐啊", [("sound", "停西挂帐")]),
        ("停息挂账", "停息，挂账", [("exact", "停息，挂账")]),
        ("停息挂账", "停息掛帳", [("sound", "停息掛帳")]),
        ("停息挂账", "停车挂号", []),
        ("停息挂账", "停息挂账和停西挂丈", [("exact", "停息挂账"), ("sound", "停西挂丈")]),
        ("上岸", "上案", []),  # two syllables: letter for letter only
        ("上岸", "我上岸了", [("exact", "上岸")]),
        ("验证码", "燕正码发你", [("sound", "燕正码")]),
        ("非恶意逾期证明", "开个非恶意预期真明", [("sound", "非恶意预期真明")]),
        ("非恶意逾期证明", "开个非恶意一期证明", [("fuzzy", "非恶意一期证明")]),
        ("非恶意逾期证明", "开个非恶意期证明", [("fuzzy", "非恶意期证明")]),
        ("非恶意逾期证明", "开个非恶心一期证明", []),  # two syllables off
        ("签…委托书", "签了一份委托书", [("near", "签了一份委托书")]),
        ("签…委托书", "签了那个他们给我发的一份委托书", []),  # the gap is too wide
        ("签…委托书", "委托书我签了", []),  # order counts
        ("授权…委托书", "收权那个委拖书", [("near", "收权那个委拖书")]),
        ("一三八", "138开头", [("sound", "138")]),
    ],
)
def test_phrases(wanted: str, heard: str, hits: list[tuple[str, str]]) -> None:
    assert found(wanted, heard) == hits


def test_sound_can_be_turned_off() -> None:
    finder = PhraseFinder(phrase("停息挂账", sound=False))
    assert not list(finder.find(TurnText("停西挂帐")))


def test_the_score_falls_with_the_distance() -> None:
    scores = [next(PhraseFinder(phrase("非恶意逾期证明")).find(TurnText(t))).score
              for t in ("非恶意逾期证明", "非恶意预期证明", "非恶意预期真明", "非恶意一期证明")]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert 0 < scores[-1] < scores[0]


hanzi = st.sampled_from("停息挂账西帐授权委托书催收投诉减免还钱老师教我")
texts = st.text(alphabet=hanzi, min_size=1, max_size=14)


@given(st.text(alphabet=hanzi, min_size=SOUND_FROM, max_size=5), texts)
def test_sound_search_equals_comparing_every_window(wanted: str, heard: str) -> None:
    key, size = sounds(wanted).key, len(wanted)
    windows = {i for i in range(len(heard) - size + 1) if sounds(heard).key[i : i + size] == key}
    hits = list(PhraseFinder(phrase(wanted)).find(TurnText(heard)))
    assert {h.start for h in hits} == windows
    assert {h.start for h in hits if h.how == "exact"} == {
        i for i in range(len(heard)) if heard.startswith(wanted, i)
    }


@given(st.text(alphabet=hanzi, min_size=FUZZY_FROM, max_size=9), texts)
def test_nearly_never_accepts_more_than_one_edit(wanted: str, heard: str) -> None:
    for hit in PhraseFinder(phrase(wanted)).find(TurnText(heard)):
        window = sounds(heard).key[hit.start : hit.end]
        assert Levenshtein.distance(sounds(wanted).key, window) <= 1
        assert 0 <= hit.score <= 1


@given(texts, texts, st.integers(0, GAP + 3))
def test_a_gap_holds_so_many_characters_and_no_more(a: str, b: str, width: int) -> None:
    heard = f"甲乙{'丁' * width}丙戊"
    hits = list(PhraseFinder(phrase("甲乙…丙戊", sound=False)).find(TurnText(heard)))
    assert bool(hits) == (width <= GAP)


class TestRules:
    def feed(self, r: Rule, text: str, role: Role = "customer") -> list[bool]:
        return [m.role_assumed for m in Matcher([r]).feed(Turn(3, text, role))]

    def test_only_its_roles(self) -> None:
        assert self.feed(rule("停息挂账"), "停息挂账") == [False]
        assert self.feed(rule("停息挂账"), "停息挂账", "agent") == []

    def test_an_unknown_role_counts_and_says_so(self) -> None:
        assert self.feed(rule("停息挂账"), "停息挂账", "unknown") == [True]
        both = rule("停息挂账", roles=("customer", "unknown"))
        assert self.feed(both, "停息挂账", "unknown") == [False]

    def test_unless_takes_it_back(self) -> None:
        r = rule("停息挂账", unless=("别信",))
        assert self.feed(r, "别信什么停息挂账") == []
        assert self.feed(r, "停息挂账") == [False]

    def test_evidence_points_into_the_verbatim_text(self) -> None:
        text = "我要停西，挂帐。"
        words = tuple(Word(c, Span(100 * i, 100 * i + 100), 0.9) for i, c in enumerate(text))
        turn = Turn(2, text, "customer", span=Span(0, 900), words=words)
        (match,) = Matcher([rule("停息挂账")]).feed(turn)
        (evidence,) = match.evidence
        assert (evidence.turn, evidence.chars, evidence.text) == (2, (2, 7), "停西，挂帐")
        assert evidence.span == Span(200, 700)

    def test_patterns_are_linear(self) -> None:
        evil = Rule("c.r", ("规则", "Rule"), "c", "high", frozenset(["customer"]),
                    (Pattern("(甲+)+乙"),), (), ("x",), ("y",))
        assert Matcher([evil]).feed(Turn(0, "甲" * 50_000, "customer")) == []


def test_span_falls_back_to_the_turn_where_words_do_not_spell_it() -> None:
    turn = Turn(0, "停息挂账", span=Span(10, 50), words=(Word("别的", Span(0, 5)),))
    assert span_of(turn, 0, 2) == Span(10, 50)


hits = st.builds(
    lambda a, n, s: Hit(a, a + n, "exact", s, "x"),
    st.integers(0, 20), st.integers(1, 6), st.sampled_from([0.5, 0.9, 1.0]),
)


@given(st.lists(hits, max_size=12))
def test_strongest_hits_never_overlap_and_keep_the_best(many: list[Hit]) -> None:
    kept = strongest(many, most=99)
    assert all(a.end <= b.start for a, b in pairwise(kept))
    assert not many or max(h.score for h in many) == max(h.score for h in kept)
