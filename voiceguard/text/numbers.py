"""Numbers as they are spoken and written in Mandarin: 三千六 is 3600, 两百五十块 an amount.

Works on normalised text (half width, simplified, no spaces). A run of number characters is read
as a whole; what it means follows from its units and from the words around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "amount", "percent", "duration"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "幺": 1, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6,
    "柒": 7, "捌": 8, "玖": 9, **{str(i): i for i in range(10)},
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10**4, "w": 10**4, "亿": 10**8}
_SPOKEN = "零〇一二三四五六七八九两俩幺壹贰叁肆伍陆柒捌玖"
_NUMBER = re.compile(
    rf"(?P<share>[百千]分之)?"
    rf"(?P<digits>[{_SPOKEN}\d十拾百佰千仟万亿]+(?:点[{_SPOKEN}\d]+[十百千万亿w]*)?w?半?)"
)
_MONEY = re.compile(r"(?:多|来|几)?(?:块|元|圆)(?:钱|整)?|(?:多|来)?(?:人民币|rmb)")
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "个月": 30, "月": 30, "年": 365}
_LENGTH = re.compile(r"多?(个月|天|周|个?星期|个?礼拜|年)")
#: What looks like a number and is a word: in case, by all means, half.
_NO_NUMBERS = {"万一", "千万", "万万", "一半", "半", "百十", "千百"}
#: Characters that make a following 一 part of a word and not a number.
_WORDS = re.compile(r"(?:一|1)(?:下|些|样|直|定|般|起|切|共|旦|边|会|点|时|律)")


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """A number at ``[start, end)`` of the text: yuan for an amount, days for a duration."""

    start: int
    end: int
    value: float
    kind: Kind


def find_numbers(text: str) -> tuple[SpokenNumber, ...]:
    """Every number in normalised text, in order, with what it measures."""
    return tuple(_numbers(text))


def _numbers(text: str) -> Iterator[SpokenNumber]:
    at = 0
    while match := _NUMBER.search(text, at):
        found = _one(text, match)
        at = match.end() if found is None else max(match.end(), found.end)
        if found is not None:
            yield found


def _one(text: str, match: re.Match[str]) -> SpokenNumber | None:
    start, end = match.span()
    word = _WORDS.search(text, max(0, start - 1))
    if len(match.group()) == 1 and word and word.start() <= start < word.end():
        return None
    value = value_of(match["digits"])
    if value is None or match.group() in _NO_NUMBERS:
        return None
    if match["share"]:
        share = value if match["share"][0] == "百" else value / 10
        return SpokenNumber(start, end, share, "percent")
    after = text[end:]
    if after.startswith("%"):
        return SpokenNumber(start, end + 1, value, "percent")
    if money := _MONEY.match(after):
        # 五块五 and 三块二毛: what follows the unit is tenths.
        rest = re.match(rf"([{_SPOKEN}\d])(?:毛|角)?(?![{_SPOKEN}\d十百千万])", after[money.end():])
        tenths = _DIGITS[rest.group(1)] / 10 if rest and money.group() in ("块", "元") else 0.0
        more = rest.end() if rest and money.group() in ("块", "元") else 0
        return SpokenNumber(start, end + money.end() + more, value + tenths, "amount")
    if length := _LENGTH.match(after):
        unit = length.group(1)
        days = next(d for name, d in _DAYS.items() if unit.endswith(name))
        return SpokenNumber(start, end + length.end(), value * days, "duration")
    spoken_amount = value >= 100 and any(u in match.group() for u in "百千万亿")
    return SpokenNumber(start, end, value, "amount" if spoken_amount else "number")


def value_of(text: str) -> float | None:
    """What a run of number characters says; None where it says nothing.

    ``三千六`` is 3600 and ``一万二`` 12000 (a last digit without a unit is of the next smaller
    one), ``三千零六`` 3006; ``一三八`` and ``138`` are read digit by digit; ``1万2`` as it is
    spoken; ``万半`` adds a half of the last unit.
    """
    half = text.endswith("半")
    body = text[:-1] if half else text
    whole, point, fraction = body.partition("点")
    scale = 1
    if point:
        digits = fraction.rstrip("十百千万亿w")
        for unit in fraction[len(digits):]:
            scale *= _SMALL.get(unit, 1) * _LARGE.get(unit, 1)
        fraction = digits
    value = _whole(whole)
    if value is None:
        return None
    if point:
        return (value + float("0." + "".join(str(_DIGITS[c]) for c in fraction))) * scale
    if half:
        return value + (_SMALL | _LARGE).get(whole[-1], 1) / 2
    return float(value)


def _whole(text: str) -> int | None:
    if not text:
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, section, number, unit, zero = 0, 0, None, 1, False
    last = 1
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
            written = char.isascii() and number is not None and not zero
            number = number * 10 + digit if written and number is not None else digit
            zero = char in "零〇"
        elif char in _SMALL:
            unit = _SMALL[char]
            section += (1 if number is None or (number == 0 and unit == 10) else number) * unit
            number, last, zero = None, unit, False
        else:
            large = _LARGE[char]
            section += number or 0
            total = (total + (section or 1)) * large if total < large else total + section * large
            section, number, last, zero = 0, None, large, False
    if number is None:
        return total + section
    # 三千六: a single last digit counts the next smaller unit, unless 零 stands before it.
    short = last >= 100 and len(text) > 1 and text[-2] not in "零〇" and text[-2] not in _DIGITS
    return total + section + number * (last // 10 if short else 1)
