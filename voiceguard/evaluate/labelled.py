"""Flags against labels, turn by turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceguard.domain import CallReport

ALL = "all categories"
ANY = "any flag on the turn"
INNOCENT = "innocent calls flagged"


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of ``(turn, category)`` pairs, or of turns or calls where the name says so."""

    name: str
    labelled: int
    flagged: int
    right: int

    @property
    def precision(self) -> float | None:
        """None where nothing was flagged."""
        return self.right / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """None where nothing is labelled."""
        return self.right / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean; None where either is unknown."""
        p, r = self.precision, self.recall
        if p is None or r is None:
            return None
        return 2 * p * r / (p + r) if p + r else 0.0

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and rates, for JSON."""
        return {"labelled": self.labelled, "flagged": self.flagged, "right": self.right,
                "precision": self.precision, "recall": self.recall, "f1": self.f1}


def score_calls(
    judged: Iterable[tuple[CallReport, Sequence[frozenset[str]]]],
) -> tuple[Score, ...]:
    """Scores by category, then over all, then of turns whatever the category, then of innocent
    calls (those without any label: ``flagged`` of ``labelled``)."""
    labelled, flagged, right = Counter[str](), Counter[str](), Counter[str]()
    for report, labels in judged:
        found: list[set[str]] = [set() for _ in labels]
        for flag in report.flags:
            for turn in flag.turns:
                found[turn].add(flag.category)
        for want, got in zip(labels, found, strict=True):
            for counter, kinds in ((labelled, want), (flagged, got), (right, want & got)):
                counter.update(kinds)
                counter[ALL] += len(kinds)
            labelled[ANY] += bool(want)
            flagged[ANY] += bool(got)
            right[ANY] += bool(want and got)
        if not any(labels):
            labelled[INNOCENT] += 1
            flagged[INNOCENT] += bool(report.flags)
    last = (ALL, ANY, INNOCENT)
    names = [*sorted((set(labelled) | set(flagged)) - set(last)), *last]
    return tuple(Score(n, labelled[n], flagged[n], right[n]) for n in names)
