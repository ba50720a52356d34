"""How a turn lies in time and how loud it is, and the end of the call."""

from __future__ import annotations

from collections.abc import Callable

from voiceguard.domain import Role
from voiceguard.match.conditions.found import Found, whole_turn
from voiceguard.match.conditions.view import Mean, TurnView
from voiceguard.rules.conditions import Acoustic, Ending, Signal

_NOTES = {
    "silence": "此前静默{0:.1f}秒", "delay": "对方说完{0:.1f}秒后才应答",
    "interruption": "对方还有{0:.1f}秒没说完就插话", "monologue": "已连续说了{0:.0f}秒",
    "rate": "语速每秒{0:.1f}字", "rate_change": "语速是自己此前平均的{0:.2f}倍",
    "level": "音量{0:.0f}分贝", "level_change": "音量比自己此前平均高{0:.0f}分贝",
}
_WANTED = {
    "silence": "静默", "delay": "应答延迟", "interruption": "抢话", "monologue": "长时间独白",
    "rate": "语速", "rate_change": "语速变化", "level": "音量", "level_change": "音量变化",
}
_IN_SECONDS = ("silence", "delay", "interruption", "monologue")


def acoustic(condition: Acoustic) -> Callable[[TurnView, bool], Found | None]:
    """Measures a turn: the whole of it where the measure is within bounds, else None."""
    measure = _MEASURES[condition.kind]
    low, high = condition.at_least, condition.at_most

    def judge(view: TurnView, own: bool) -> Found | None:
        value = measure(view)
        if value is None or (low is not None and value < low) or (
            high is not None and value > high
        ):
            return None
        shown = value / 1000 if condition.kind in _IN_SECONDS else value
        note = _NOTES[condition.kind].format(shown)
        return whole_turn(view, own, "acoustic", 1.0, _WANTED[condition.kind], note)

    return judge


def signal(condition: Signal) -> Callable[[TurnView, bool], Found | None]:
    """The turn where a classifier gives it the signal with enough strength."""
    def judge(view: TurnView, own: bool) -> Found | None:
        score = view.signals.get(condition.name, 0.0)
        if score < condition.score or score <= 0:
            return None
        return whole_turn(view, own, "semantic", round(score, 3), condition.name)

    return judge


def ends(condition: Ending) -> Callable[[TurnView | None, int], bool]:
    """Whether a call ended so: from its last turn and its length in ms."""
    low, high = condition.at_least, condition.at_most

    def holds(last: TurnView | None, length: int) -> bool:
        if last is None:
            return False
        if condition.kind == "speaker":
            return last.turn.role == condition.role
        if condition.kind == "length" and last.turn.span is None:
            return False
        value = length if condition.kind == "length" else last.number + 1
        return (low is None or value >= low) and (high is None or value <= high)

    return holds


def _silence(view: TurnView) -> float | None:
    span, end = view.turn.span, view.past.end
    return None if span is None or end is None else max(0, span.start - end)


def _delay(view: TurnView) -> float | None:
    span, last = view.turn.span, view.past.last
    if span is None or last is None or last[0] == view.turn.role:
        return None
    return max(0, span.start - last[1])


def _interruption(view: TurnView) -> float | None:
    span, last = view.turn.span, view.past.last
    if span is None or last is None or last[0] == view.turn.role:
        return None
    return max(0, last[1] - span.start)


def _monologue(view: TurnView) -> float | None:
    span, run = view.turn.span, view.past.run
    if span is None:
        return None
    return span.end - (run[1] if run is not None and run[0] == view.turn.role else span.start)


def _rate_change(view: TurnView) -> float | None:
    rate, mean = view.rate, _mean(view.past.rates, view.turn.role)
    return None if rate is None or not mean else rate / mean


def _level_change(view: TurnView) -> float | None:
    level, mean = view.turn.level_db, _mean(view.past.levels, view.turn.role)
    return None if level is None or mean is None else level - mean


def _mean(means: dict[Role, Mean], role: Role) -> float | None:
    mean = means.get(role)
    # Two turns are the least that make a habit.
    return mean.value if mean is not None and mean.count > 1 else None


_MEASURES: dict[str, Callable[[TurnView], float | None]] = {
    "silence": _silence, "delay": _delay, "interruption": _interruption, "monologue": _monologue,
    "rate": lambda view: view.rate, "rate_change": _rate_change,
    "level": lambda view: view.turn.level_db, "level_change": _level_change,
}
