"""Marks in a text and places on the timeline."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from sample_report import sample_exhibit, sample_report, small_report

from voiceguard.domain import SEVERITIES, CallReport, Span, Transcript, Turn
from voiceguard.report.drawing import MAX_BUCKETS, Piece, marked, timeline

SPANS = st.lists(
    st.tuples(
        st.integers(-2, 12), st.integers(-2, 12), st.integers(1, 4), st.sampled_from(SEVERITIES)
    ),
    max_size=6,
)


def test_nested_and_overlapping_spans() -> None:
    pieces = marked("abcdefgh", [(1, 6, 1, "low"), (2, 4, 2, "high"), (5, 9, 3, "medium")])
    assert pieces == [
        Piece("a", (), None),
        Piece("b", (1,), "low"),
        Piece("cd", (1, 2), "high"),
        Piece("e", (1,), "low"),
        Piece("f", (1, 3), "medium"),
        Piece("gh", (3,), "medium"),
    ]


@given(st.text(max_size=10), SPANS)
def test_every_character_has_exactly_the_flags_over_it(text: str, spans: list[tuple]) -> None:  # type: ignore[type-arg]
    pieces = marked(text, spans)
    assert "".join(piece.text for piece in pieces) == text
    place = 0
    for piece in pieces:
        for _ in piece.text:
            over = {n for start, end, n, _ in spans if max(0, start) <= place < end}
            assert set(piece.flags) == over
            assert (piece.severity is None) == (not over)
            place += 1


def test_lanes_follow_channels_else_roles() -> None:
    report = sample_report()
    drawing = timeline(report, report.flags, sample_exhibit(sound=True).peaks)
    assert drawing
    assert [(lane.title, lane.english, len(lane.bars)) for lane in drawing.lanes] == [
        ("坐席", "ch 1", 5), ("客户", "ch 2", 5),
    ]  # fmt: skip
    assert all(lane.wave for lane in drawing.lanes)
    mono = tuple(replace(turn, channel=0) for turn in report.transcript.turns)
    drawing = timeline(
        replace(report, transcript=replace(report.transcript, turns=mono)), (), [[0.5, 2, -1]]
    )
    assert drawing
    assert [lane.title for lane in drawing.lanes] == ["波形", "坐席", "客户"]


def test_no_times_no_drawing() -> None:
    report = replace(small_report(), transcript=Transcript("x", (Turn(0, "好"),)))
    assert timeline(report, (), ()) is None


def test_crowded_pins_climb() -> None:
    flag = small_report().flags[0]
    flags = [replace(flag, span=Span(1000 + n, 1000 + n)) for n in range(6)]
    drawing = timeline(small_report(), flags, ())
    assert drawing and drawing.pin_rows == 4
    assert {pin.row for pin in drawing.pins} == {0, 1, 2, 3}


@given(st.lists(st.floats(), max_size=50), st.integers(1, 10**9))
def test_odd_peaks_and_lengths_are_drawn(peaks: list[float], length: int) -> None:
    transcript = Transcript("x", (Turn(0, "好", channel=0, span=Span(0, length)),))
    report = CallReport(transcript, small_report().rules, (), small_report().assessment)
    drawing = timeline(report, (), [peaks, []])
    assert drawing and 1 <= len(drawing.ticks) <= 11
    assert all("nan" not in lane.wave and "inf" not in lane.wave for lane in drawing.lanes)


def test_long_waveforms_keep_their_peaks() -> None:
    peaks = [0.1] * 100_000
    peaks[77_777] = 0.9
    report = sample_report()
    drawing = timeline(report, (), [peaks, peaks])
    assert drawing
    assert (
        drawing.lanes[0].wave.count(" 0.1 ") == 1 and len(drawing.lanes[0].wave) < 30 * MAX_BUCKETS
    )
