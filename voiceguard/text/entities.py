"""Things with a form of their own in normalised text: telephone, identity card, bank card, date.

Digits may be spoken or written. Where a form has a check digit, only numbers that pass it count,
so that an order number is not taken for a card.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["phone", "id_card", "bank_card", "date"]

_SPOKEN = dict(zip("零〇一二三四五六七八九幺", "001234567891", strict=True))
_RUN = re.compile(r"[0-9零〇一二三四五六七八九幺]{7,30}[x叉]?")
_N = r"[0-9零〇一二三四五六七八九十]"
_DATE = re.compile(
    rf"(?:{_N}{{2,4}}年)?{_N}{{1,3}}月(?:份?的?{_N}{{1,3}}(?:号|日))|{_N}{{4}}年{_N}{{1,3}}月"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}[2-9]\d{6,7}|[48]00\d{7}")


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """An entity at ``[start, end)`` of the text; ``value`` is digits, or the text of a date."""

    start: int
    end: int
    kind: Kind
    value: str


def find_entities(text: str, kind: Kind) -> Iterator[FoundEntity]:
    """Every entity of a kind in normalised text, in order."""
    if kind == "date":
        for match in _DATE.finditer(text):
            yield FoundEntity(*match.span(), kind, match.group())
        return
    for match in _RUN.finditer(text):
        digits = "".join(_SPOKEN.get(c, "x" if c == "叉" else c) for c in match.group())
        value = digits if kind == "id_card" else digits.rstrip("x")
        if _CHECKS[kind](value):
            yield FoundEntity(match.start(), match.start() + len(value), kind, value)


def is_phone(digits: str) -> bool:
    """A mobile, fixed or service number of mainland China."""
    return _PHONE.fullmatch(digits) is not None


def is_id_card(digits: str) -> bool:
    """An 18-place resident identity number with a possible birthday and the right check digit
    (GB 11643-1999)."""
    if not re.fullmatch(r"[1-9]\d{16}[\dx]", digits):
        return False
    month, day = int(digits[10:12]), int(digits[12:14])
    if not (1900 <= int(digits[6:10]) <= 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    total = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=False))
    return "10x98765432"[total % 11] == digits[-1]


def is_bank_card(digits: str) -> bool:
    """16 to 19 digits that pass the Luhn check (ISO/IEC 7812-1)."""
    if not re.fullmatch(r"[3-9]\d{15,18}", digits):
        return False
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_CHECKS: dict[Kind, Callable[[str], bool]] = {
    "phone": is_phone, "id_card": is_id_card, "bank_card": is_bank_card,
}
