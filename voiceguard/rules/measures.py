"""Lengths as people write them: ``30s``, ``2 min``, ``3 turns``, ``10 chars``, ``call``."""

from __future__ import annotations

import re

from voiceguard.rules.conditions import SAME_TURN, WHOLE_CALL, Distance, Unit

_TEXT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|min|turns?|chars?)")
_MS = {"ms": 1, "s": 1000, "min": 60_000}
FORMS = "such as 30s, 2 min, 3 turns, 10 chars, turn or call"


def distance(text: str, units: tuple[Unit, ...] = ("chars", "turns", "ms", "call")) -> Distance:
    """What ``text`` says.

    Raises:
        ValueError: it says nothing of the kind, or in a unit that is not wanted here.
    """
    words = " ".join(text.split()).lower()
    found = {"turn": SAME_TURN, "same turn": SAME_TURN, "call": WHOLE_CALL}.get(words)
    if found is None:
        match = _TEXT.fullmatch(words)
        if match is None:
            raise ValueError(f"{text!r} is no length: write one {FORMS}")
        amount, unit = match.groups()
        if unit in _MS:
            found = Distance(round(float(amount) * _MS[unit]), "ms")
        elif "." in amount:
            raise ValueError(f"{text!r}: turns and characters are whole numbers")
        else:
            found = Distance(int(amount), "turns" if unit.startswith("turn") else "chars")
    if found.unit not in units:
        names = {"ms": "a time", "turns": "turns", "chars": "characters", "call": "the whole call"}
        wanted = " or ".join(names[u] for u in units)
        raise ValueError(f"{text!r} does not fit here: give {wanted}")
    return found


def written(length: Distance) -> str:
    """``length`` as it is written in a rule."""
    if length.unit == "call":
        return "call"
    if length.unit == "ms":
        return f"{length.amount // 1000}s" if length.amount % 1000 == 0 else f"{length.amount}ms"
    if length == SAME_TURN:
        return "turn"
    return f"{length.amount} {length.unit}"
