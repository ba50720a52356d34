"""Flags against labels: by turn, by call, by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceguard.domain import SEVERITIES, CallReport, Flag
from voiceguard.evaluate.scores import Counts, Score, interval, wilson

ALL = "all categories"
ANY = "any flag on the turn"
CALLS = "calls with any flag"
INNOCENT = "innocent calls flagged"
INNOCENT_MEDIUM = "innocent calls flagged medium or above"


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """A flag on a turn that is not labelled with its category."""

    call: str
    turn: int
    flag: Flag
    innocent: bool


@dataclass(frozen=True, slots=True)
class Miss:
    """A labelled turn without a flag of its category; ``unseen``: nothing in its call was right."""

    call: str
    turn: int
    category: str
    unseen: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How rules did on labelled calls.

    Attributes:
        scores: of ``(turn, category)`` pairs by category and over all; of turns whatever the
            category; of calls; of innocent calls (those without any label: ``flagged`` of
            ``labelled``).
        rules: of each rule that fired or could have: flags on turns with its category.
        intervals: 95 %, by score and rate; for the innocent calls the share flagged.
        false_alarms, misses: the worst first.
    """

    scores: tuple[Score, ...]
    rules: tuple[Score, ...]
    intervals: dict[str, dict[str, tuple[float, float]]]
    false_alarms: tuple[FalseAlarm, ...]
    misses: tuple[Miss, ...]


def evaluate_calls(
    judged: Iterable[tuple[CallReport, Sequence[frozenset[str]]]],
) -> Evaluation:
    """Measure reports against the labels of their turns (one set of categories a turn)."""
    counts: dict[str, list[Counts]] = defaultdict(list)
    rules: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    alarms: list[FalseAlarm] = []
    misses: list[Miss] = []
    for report, labels in judged:
        found = _found(report, len(labels))
        innocent = not any(labels)
        for name, row in _counts(found, labels).items():
            counts[name].append(row)
        if innocent:
            severe = any(SEVERITIES.index(f.severity) >= SEVERITIES.index("medium")
                         for f in report.flags)
            counts[INNOCENT].append((1, int(bool(report.flags)), 0))
            counts[INNOCENT_MEDIUM].append((1, int(severe), 0))
        for flag in report.flags:
            for turn in flag.turns:
                right = flag.category in labels[turn]
                rules[flag.rule][0] += 1
                rules[flag.rule][1] += right
                if not right:
                    alarms.append(FalseAlarm(report.transcript.id, turn, flag, innocent))
        seen = any(want & got for want, got in zip(labels, found, strict=True))
        misses += [
            Miss(report.transcript.id, i, category, not seen)
            for i, (want, got) in enumerate(zip(labels, found, strict=True))
            for category in sorted(want - got)
        ]
    last = (ALL, ANY, CALLS, INNOCENT, INNOCENT_MEDIUM)
    names = [*sorted(set(counts) - set(last)), *last]
    scores = tuple(Score(n, *map(sum, zip(*counts[n], strict=True))) if counts[n]
                   else Score(n, 0, 0, 0) for n in names)
    alarms.sort(key=lambda a: (not a.innocent, -SEVERITIES.index(a.flag.severity), -a.flag.score))
    misses.sort(key=lambda m: not m.unseen)
    return Evaluation(
        scores,
        tuple(Score(r, 0, n, right) for r, (n, right) in sorted(rules.items())),
        _intervals(counts), tuple(alarms), tuple(misses),
    )


def _found(report: CallReport, turns: int) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in range(turns)]
    for flag in report.flags:
        for turn in flag.turns:
            found[turn].add(flag.category)
    return found


def _counts(
    found: Sequence[set[str]], labels: Sequence[frozenset[str]]
) -> dict[str, Counts]:
    """``(labelled, flagged, right)`` of one call, by name of the score."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def count(name: str, want: bool, got: bool) -> None:
        for k, value in enumerate((want, got, want and got)):
            rows[name][k] += value

    for want, got in zip(labels, found, strict=True):
        for category in want | got:
            for name in (category, ALL):
                count(name, category in want, category in got)
        count(ANY, bool(want), bool(got))
    count(CALLS, any(labels), any(found))
    return {name: (row[0], row[1], row[2]) for name, row in rows.items()}


def _intervals(counts: dict[str, list[Counts]]) -> dict[str, dict[str, tuple[float, float]]]:
    out = {name: interval(rows) for name, rows in counts.items() if not name.startswith("innocent")}
    for name in (INNOCENT, INNOCENT_MEDIUM):
        if counts[name]:
            flagged = sum(row[1] for row in counts[name])
            out[name] = {"share": wilson(flagged, len(counts[name]))}
    return out
