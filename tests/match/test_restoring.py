"""Patterns by sound: what is put back, and what is left alone."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.match.hit import TurnText
from voiceguard.match.patterns import Patterns
from voiceguard.match.restoring import RestoringFinder, pattern_in_classes

FEE = "(付|交)了.{0,6}(服务费|咨询费)"


def restored(pattern: str, text: str) -> list[str]:
    finder = RestoringFinder.of(pattern, re2.compile(pattern))
    assert finder is not None
    return [hit.wanted for hit in finder.find(TurnText(text))]


@pytest.mark.parametrize(("heard", "wanted"), [
    ("我交了三千块福务费", "交了三千块服务费"),  # one character of a word of three
    ("我交了三千块字询费", "交了三千块咨询费"),
    ("我交了三千块服务费", None),  # as written: the pattern itself finds it
    ("我叫了三千块服务费", None),  # 叫 for 交: a character by itself is too little to go by
    ("我交了三千块附物废", None),  # more is put back than was heard right
])
def test_what_is_put_back(heard: str, wanted: str | None) -> None:
    assert restored(FEE, heard) == ([] if wanted is None else [wanted])


def test_a_word_of_two_characters_needs_its_tone() -> None:
    pattern = "帮我.{0,4}停息.{0,4}不用还"
    assert restored(pattern, "帮我去停西就不用还") == ["帮我去停息就不用还"]  # xī for xī
    assert restored(pattern, "帮我去停喜就不用还") == []  # xǐ for xī


def test_common_characters_stand_for_themselves() -> None:
    assert restored("我司(代理|代办).{0,8}业务", "我是代理的那个业务") == []


@pytest.mark.parametrize("pattern", ["[一-龥]{3}停息", "\\d+", r"\x{4e00}停息"])
def test_what_has_no_sound_is_not_tried(pattern: str) -> None:
    assert pattern_in_classes(pattern) is None


@given(st.lists(st.sampled_from("我交了三千块服务费咨询福字附停息挂账"), max_size=14).map("".join))
def test_the_index_spares_nothing_that_is_found(text: str) -> None:
    patterns = Patterns([FEE, "停息挂账", "三千.{0,3}咨询费"])
    turn = TurnText(text)
    possible = patterns.possible(turn)
    for pattern in (FEE, "停息挂账", "三千.{0,3}咨询费"):
        if list(patterns.finder(pattern).find(TurnText(text))):
            assert pattern in possible
