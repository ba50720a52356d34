"""How bad a call is, and what to do about it.

The rule, as a supervisor would say it:

* one flag of severity *high* or *critical* makes the call **high**; so do three *medium* flags in
  different turns, because coached and organised conduct shows itself more than once;
* one *medium* flag makes it **medium**; *low* flags alone make it **low**;
* a flag that a person should hear first counts one step less, until it has been heard.

The score (0–100) ranks calls for review: 100 · (1 − Π(1 − wₛ · score)) over the strongest flag of
every rule and turn, with w = 0.12, 0.35, 0.65, 0.85 by severity. It is not a probability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from voiceguard.domain import (
    RISKS,
    SEVERITIES,
    Action,
    Assessment,
    Disposition,
    Flag,
    Outcome,
    Risk,
)
from voiceguard.rules import Playbook

_WEIGHT = {"low": 0.12, "medium": 0.35, "high": 0.65, "critical": 0.85}
_MANY = 3


def assess(outcome: Outcome, flags: Sequence[Flag], playbook: Playbook) -> Assessment:
    """Risk, score, disposition and actions of a call.

    A call in which nothing could be heard is ``not_assessable`` and has neither risk nor score.
    """
    if outcome in ("no_speech", "unreadable"):
        actions = _actions(playbook.outcomes.get(outcome, ()), playbook)
        return Assessment(outcome, None, None, "not_assessable", (), actions)
    risk = _risk(flags)
    categories = _categories(flags)
    wanted = list(playbook.outcomes.get(outcome, ()))
    for category, _ in categories:
        levels = ("high", "medium", "any") if risk == "high" else (risk, "any")
        own = _risk([f for f in flags if f.category == category])
        for level in levels if RISKS.index(own) >= RISKS.index("medium") else ("any",):
            wanted += playbook.categories.get((category, level), ())
    if any(f.needs_listening for f in flags):
        wanted += playbook.listening
    return Assessment(
        outcome, risk, _score(flags), _disposition(risk, flags), categories,
        _actions(wanted, playbook),
    )


def _weighed(flag: Flag) -> int:
    """Severity as a number, 1 (low) to 4, one less where a person should listen first."""
    return max(1, SEVERITIES.index(flag.severity) + 1 - flag.needs_listening)


def _risk(flags: Sequence[Flag]) -> Risk:
    if not flags:
        return "none"
    worst = max(map(_weighed, flags))
    medium_turns = {f.turns for f in flags if _weighed(f) >= 2}
    if worst >= 3 or len(medium_turns) >= _MANY:
        return "high"
    return "medium" if worst == 2 else "low"


def _score(flags: Sequence[Flag]) -> int:
    rest = math.prod(1 - _WEIGHT[SEVERITIES[_weighed(f) - 1]] * f.score for f in flags)
    return round(100 * (1 - rest))


def _categories(flags: Sequence[Flag]) -> tuple[tuple[str, float], ...]:
    strength: dict[str, float] = {}
    for flag in flags:
        weight = _WEIGHT[SEVERITIES[_weighed(flag) - 1]] * flag.score
        strength[flag.category] = 1 - (1 - strength.get(flag.category, 0.0)) * (1 - weight)
    ranked = sorted(strength.items(), key=lambda kv: (-kv[1], kv[0]))
    return tuple((k, round(v, 2)) for k, v in ranked)


def _disposition(risk: Risk, flags: Sequence[Flag]) -> Disposition:
    if risk == "high":
        return "escalate"
    if risk == "medium":
        return "listen" if all(f.needs_listening for f in flags) else "review"
    return "listen" if flags else "clear"


def _actions(ids: Sequence[str], playbook: Playbook) -> tuple[Action, ...]:
    return tuple(playbook.actions[id_] for id_ in dict.fromkeys(ids))
