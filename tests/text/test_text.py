from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.text import normalise, simplify, sounds, syllable_similarity
from voiceguard.text.sound import _code, fold


@pytest.mark.parametrize(
    ("verbatim", "text"),
    [
        ("停息 掛帳，真的？", "停息挂帐真的"),
        ("ＡＢ贷１２３％", "ab贷123%"),
        ("（笑）…", "笑"),
        ("", ""),
        ("一三八，零零 12", "一三八零零12"),
    ],
)
def test_normalised_text(verbatim: str, text: str) -> None:
    assert normalise(verbatim).text == text


@given(st.text(max_size=40))
def test_every_normalised_character_knows_its_origin(verbatim: str) -> None:
    made = normalise(verbatim)
    assert len(made.text) == len(made.origin)
    assert list(made.origin) == sorted(made.origin)
    if made.text:
        a, b = made.chars(0, len(made.text))
        assert 0 <= a < b <= len(verbatim)
        assert normalise(verbatim[a:b]).text == made.text


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=30))
def test_simplifying_keeps_the_length(text: str) -> None:
    assert len(simplify(text)) == len(text)


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("停西挂帐", "停息挂账"),  # homophones
        ("只付", "织布"[:1] + "付"),  # zhi and zhi
        ("四十四", "是十是"),  # s and sh
        ("刘兰", "牛男"),  # l and n
        ("回复", "飞复"[:0] + "灰复"),  # same sound
        ("新人", "兴人"),  # -n and -ng
        ("富二", "户二"),  # f and h
        ("12", "一二"),  # digits as spoken
    ],
)
def test_sounds_that_telephones_confuse_are_one(heard: str, wanted: str) -> None:
    assert sounds(heard).key == sounds(wanted).key


def test_other_sounds_stay_apart() -> None:
    keys = {sounds(t).key for t in ("停", "挂", "息", "账", "催", "收")}
    assert len(keys) == 6


def test_no_two_folded_syllables_share_a_code() -> None:
    from pypinyin import Style, lazy_pinyin

    folded = {fold(s) for c in range(0x4E00, 0x9FA6)
              for s in lazy_pinyin(chr(c), style=Style.TONE3, errors="ignore")}
    assert len(folded) > 250
    assert len({_code(f) for f in folded}) == len(folded)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [("ting2", "ting2", 1.0), ("xi1", "xi2", 0.97), ("zhang4", "zang4", 0.9)],
)
def test_likeness_of_syllables(a: str, b: str, score: float) -> None:
    assert syllable_similarity(a, b) == score
    assert syllable_similarity(b, a) == score


def test_unlike_syllables_score_below_like_ones() -> None:
    assert syllable_similarity("ting2", "gua4") < 0.5
