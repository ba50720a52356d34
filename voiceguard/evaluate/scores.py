"""Precision, recall and F1, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of things labelled, flagged and both, under a name."""

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


Counts = tuple[int, int, int]
"""Labelled, flagged, right, of one call."""


def interval(
    calls: Sequence[Counts], rounds: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of precision, recall and F1 over calls (percentile method: Efron
    1979): whole calls are drawn, since the turns of one call are not independent. A rate without a
    denominator in some draw is left out there; one that never has any is left out altogether."""
    import numpy as np

    if not calls:
        return {}
    table = np.array(calls, float)
    rng = np.random.default_rng(seed)
    drawn = table[rng.integers(len(table), size=(rounds, len(table)))].sum(1)
    labelled, flagged, right = drawn.T
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = {"precision": right / flagged, "recall": right / labelled,
                 "f1": 2 * right / (labelled + flagged)}
    return {
        name: (float(low), float(high))
        for name, values in rates.items() if not np.isnan(values).all()
        for low, high in [np.nanpercentile(values, (2.5, 97.5))]
    }


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); ``count`` > 0."""
    z, p = 1.96, hits / count
    middle = p + z * z / (2 * count)
    half = z * (p * (1 - p) / count + z * z / (4 * count * count)) ** 0.5
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
