"""Scores and how sure they are."""

from __future__ import annotations

import pytest

from voiceguard.evaluate.scores import Score, interval, wilson


def test_rates_without_a_denominator_are_not_known() -> None:
    assert Score("a", 0, 0, 0).precision is None
    assert Score("a", 3, 0, 0).f1 is None
    assert Score("a", 4, 2, 1).f1 == pytest.approx(1 / 3)


def test_an_interval_holds_the_rate_and_narrows_with_more_calls() -> None:
    few, many = [(2, 2, 1), (1, 2, 1), (3, 1, 1)], [(2, 2, 1), (1, 2, 1), (3, 1, 1)] * 40
    for calls in (few, many):
        low, high = interval(calls)["precision"]
        assert low <= 3 / 5 <= high
    width = [high - low for low, high in (interval(c)["recall"] for c in (few, many))]
    assert width[1] < width[0] / 2


def test_no_calls_and_no_flags_give_no_interval() -> None:
    assert interval([]) == {}
    assert "precision" not in interval([(1, 0, 0), (2, 0, 0)])


@pytest.mark.parametrize(("hits", "count", "low", "high"), [
    (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (3, 100, 0.010, 0.085),
])
def test_wilson(hits: int, count: int, low: float, high: float) -> None:
    assert wilson(hits, count) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
