from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.transcribe.engines.segments import segments

BEGIN, EOT = 1000, 500


class Letters:
    """A tokenizer whose token n is the nth letter; timestamps begin at 1000."""

    timestamp_begin, eot = BEGIN, EOT

    def decode(self, tokens: list[int]) -> str:
        return "".join(chr(97 + t % 26) for t in tokens)


@pytest.mark.parametrize(
    ("tokens", "read"),
    [
        ([BEGIN, 0, 1, BEGIN + 50], [(0, 1000, "ab")]),
        ([BEGIN, 0, BEGIN + 50, BEGIN + 60, 1, BEGIN + 90], [(0, 1000, "a"), (1200, 1800, "b")]),
        ([0, 1, EOT], [(0, 5000, "ab")]),  # no timestamps at all
        ([BEGIN + 80, 0, BEGIN + 20], [(1600, 1600, "a")]),  # backwards
        ([BEGIN, 0, BEGIN + 1400], [(0, 5000, "a")]),  # past the end
        ([], []),
    ],
)
def test_segments(tokens: list[int], read: list[tuple[int, int, str]]) -> None:
    assert [(s.start, s.end, s.text) for s in segments(tokens, Letters(), 5000)] == read


tokens = st.lists(st.one_of(st.integers(0, 400), st.integers(BEGIN, BEGIN + 1500)), max_size=60)


@given(tokens, st.integers(100, 30_000))
def test_no_time_is_reversed_or_past_the_end(tokens: list[int], duration: int) -> None:
    made = segments(tokens, Letters(), duration)
    assert [t for s in made for t in s.tokens] == [t for t in tokens if t < EOT]
    reach = 0
    for s in made:
        assert reach <= s.start <= s.end <= duration
        reach = s.end
