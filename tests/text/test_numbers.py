from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.text import normalise
from voiceguard.text.entities import find_entities
from voiceguard.text.numbers import find_numbers, value_of


def numbers(text: str) -> list[tuple[str, float, str]]:
    heard = normalise(text).text
    return [(heard[n.start : n.end], n.value, n.kind) for n in find_numbers(heard)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("给我三千六", [("三千六", 3600, "amount")]),
        ("一万二的费用", [("一万二", 12000, "amount")]),
        ("两百五十块", [("两百五十块", 250, "amount")]),
        ("两百五块钱", [("两百五块钱", 250, "amount")]),
        ("三千零六元", [("三千零六元", 3006, "amount")]),
        ("三千零六十", [("三千零六十", 3060, "amount")]),
        ("百分之八", [("百分之八", 8, "percent")]),
        ("百分之十二点五", [("百分之十二点五", 12.5, "percent")]),
        ("千分之五", [("千分之五", 0.5, "percent")]),
        ("8%的手续费", [("8%", 8, "percent")]),
        ("3600块", [("3600块", 3600, "amount")]),
        ("三点五万", [("三点五万", 35000, "amount")]),
        ("1万2", [("1万2", 12000, "amount")]),
        ("12万", [("12万", 120000, "amount")]),
        ("5w块", [("5w块", 50000, "amount")]),
        ("一亿三千万", [("一亿三千万", 130_000_000, "amount")]),
        ("十五个人", [("十五", 15, "number")]),
        ("二十", [("二十", 20, "number")]),
        ("一百一十二", [("一百一十二", 112, "amount")]),
        ("五块五", [("五块五", 5.5, "amount")]),
        ("一千多块", [("一千多块", 1000, "amount")]),
        ("三万半", [("三万半", 35000, "amount")]),
        ("逾期三个月", [("三个月", 90, "duration")]),
        ("十五天", [("十五天", 15, "duration")]),
        ("两年多", [("两年", 730, "duration")]),
        ("等一下，一直这样", []),
        ("万一投诉了", []),
        ("千万别信", []),
        ("工号三二七", [("三二七", 327, "number")]),
        ("一三八零零一三八零零零", [("一三八零零一三八零零零", 13800138000, "number")]),
        ("幺三八", [("幺三八", 138, "number")]),
        ("", []),
    ],
)
def test_numbers_as_they_are_said(text: str, found: list[tuple[str, float, str]]) -> None:
    assert numbers(text) == found


def spoken(n: int) -> str:
    """``n`` below a hundred million as it is read out in full."""
    digits = "零一二三四五六七八九"
    if n >= 10_000:
        high, low = divmod(n, 10_000)
        rest = "" if not low else ("零" if low < 1000 else "") + spoken(low)
        return spoken(high) + "万" + rest
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            out += ("零" if gap else "") + digits[digit] + name
            gap = False
        else:
            gap = bool(out)
    return out or "零"


@given(st.integers(0, 99_999_999))
def test_what_is_read_out_in_full_is_understood(n: int) -> None:
    assert value_of(spoken(n)) == n
    assert value_of(str(n)) == n


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([("万", 10_000), ("千", 1000),
                                                              ("百", 100)]))
def test_the_last_digit_counts_the_next_smaller_unit(a: int, b: int, unit: tuple[str, int]) -> None:
    digits = "零一二三四五六七八九"
    assert value_of(f"{digits[a]}{unit[0]}{digits[b]}") == a * unit[1] + b * unit[1] // 10


@given(st.text(alphabet="零一二两三九十百千万亿半点块元0129%w百分之年个月", max_size=14))
def test_any_text_gives_numbers_in_order_and_no_error(text: str) -> None:
    at = 0
    for number in find_numbers(text):
        assert at <= number.start < number.end <= len(text)
        at = number.end


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("phone", "打一三八零零一三八零零零给我", ["13800138000"]),
        ("phone", "13800138000", ["13800138000"]),
        ("phone", "幺三八零零幺三八零零零", ["13800138000"]),
        ("phone", "02158887777", ["02158887777"]),
        ("phone", "4008123123", ["4008123123"]),
        ("phone", "12345678901", []),
        ("phone", "138001380001", []),
        ("id_card", "身份证11010519491231002X", ["11010519491231002x"]),
        ("id_card", "一一零一零五一九四九一二三一零零二叉", ["11010519491231002x"]),
        ("id_card", "110105194912310021", []),  # the check digit is wrong
        ("id_card", "11010519491331002X", []),  # no thirteenth month
        ("bank_card", "卡号6222021234567890129", []),
        ("bank_card", "4111111111111111", ["4111111111111111"]),
        ("bank_card", "4111111111111112", []),
        ("date", "五月二十号还", ["五月二十号"]),
        ("date", "2025年3月", ["2025年3月"]),
        ("date", "三月份", []),
    ],
)
def test_entities(kind: str, text: str, values: list[str]) -> None:
    found = find_entities(normalise(text).text, kind)  # type: ignore[arg-type]
    assert [e.value for e in found] == values
