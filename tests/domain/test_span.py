from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import CallInfo, Span, covered

times = st.integers(0, 10_000)
spans = st.tuples(times, times).map(lambda t: Span(min(t), max(t)))


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4)])
def test_refuses_what_is_no_span(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@given(spans, spans)
def test_overlap_and_gap_agree_with_counting(a: Span, b: Span) -> None:
    assert a.overlap(b) == len(set(range(a.start, a.end)) & set(range(b.start, b.end)))
    assert a.overlap(b) == b.overlap(a)
    assert a.gap(b) == b.gap(a)
    assert a.overlap(b) == 0 or a.gap(b) == 0
    assert a.cover(b).duration == max(a.end, b.end) - min(a.start, b.start)


@given(spans, spans)
def test_clamp_stays_inside(a: Span, inside: Span) -> None:
    clamped = a.clamp(inside)
    assert inside.start <= clamped.start <= clamped.end <= inside.end
    assert a.overlap(inside) in (0, clamped.duration)


@given(st.lists(spans, max_size=8))
def test_covered_counts_every_millisecond_once(many: list[Span]) -> None:
    assert covered(many) == len({ms for s in many for ms in range(s.start, s.end)})


def test_call_info_merges_and_forgets_nothing_but_none() -> None:
    first = CallInfo.of({"team": "a", "agent_id": 7, "note": None})
    both = first.merged(CallInfo.of({"team": "b"}))
    assert dict(both) == {"team": "b", "agent_id": 7}
    assert first.get("note") is None
    assert not CallInfo()
