"""Where things are drawn in the html report: marks in a text, lanes and pins on a timeline.

All places are shares of the call's length in percent, so that the drawing fits any width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from voiceguard.domain import SEVERITIES, CallReport, Flag, Role, Severity, Span, Turn
from voiceguard.report.wording import EVENT, ROLES, both, clock, pair, short_clock

MAX_BUCKETS = 1200  # of a waveform; more can't be seen and makes the file large
PIN_ROWS = 4
_PIN_GAP = 4.2  # percent between two pins in one row, so that they stay apart on 600 pixels
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)  # seconds
_MAX_TICKS = 9


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text under the same flags (numbers, ascending; none: plain text)."""

    text: str
    flags: tuple[int, ...]
    severity: Severity | None


def marked(text: str, spans: Iterable[tuple[int, int, int, Severity]]) -> list[Piece]:
    """``text`` cut at the edges of ``(start, end, flag number, severity)``.

    Spans may nest, overlap, repeat or reach beyond the text. The pieces joined are ``text``.
    """
    clipped = [
        (max(0, start), min(len(text), end), number, severity)
        for start, end, number, severity in spans
    ]
    kept = [item for item in clipped if item[0] < item[1]]
    edges = sorted({0, len(text), *(edge for item in kept for edge in item[:2])})
    pieces = []
    for start, end in pairwise(edges):
        over = [item for item in kept if item[0] <= start and end <= item[1]]
        numbers = tuple(sorted({item[2] for item in over}))
        severity = max((item[3] for item in over), key=SEVERITIES.index, default=None)
        pieces.append(Piece(text[start:end], numbers, severity))
    return pieces


@dataclass(frozen=True, slots=True)
class Bar:
    """A turn on its lane: ``x`` and ``width`` in percent."""

    turn: int
    role: Role
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One channel or one role.

    Attributes:
        wave: SVG path in a box 0 0 1000 2, empty where there are no peaks.
    """

    title: str
    english: str
    role: str
    bars: tuple[Bar, ...]
    wave: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A flag on the timeline; ``row`` 0 is the lowest."""

    number: int
    x: float
    width: float
    row: int


@dataclass(frozen=True, slots=True)
class Shade:
    """An event behind the lanes; ``lane`` None means all of them."""

    kind: str
    x: float
    width: float
    lane: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything on the drawing; ``length`` in milliseconds, ticks as (percent, label)."""

    length: int
    lanes: tuple[Lane, ...]
    pins: tuple[Pin, ...]
    shades: tuple[Shade, ...]
    ticks: tuple[tuple[float, str], ...]

    @property
    def pin_rows(self) -> int:
        """How many rows of pins there are, at least one."""
        return 1 + max((pin.row for pin in self.pins), default=0)


def timeline(
    report: CallReport, flags: Sequence[Flag], peaks: Sequence[Sequence[float]]
) -> Timeline | None:
    """The drawing of a call, None where no time is known. Flags are numbered from 1."""
    transcript = report.transcript
    spans = [turn.span for turn in transcript.turns if turn.span]
    spans += [event.span for event in transcript.events]
    length = max((span.end for span in spans), default=0)
    if transcript.recording:
        length = max(length, transcript.recording.duration)
    if not length:
        return None
    lanes, lane_of = _lanes(transcript.turns, peaks, length)
    shades = tuple(
        Shade(
            event.kind,
            *_place(event.span, length),
            lane_of.get(event.channel) if event.channel is not None else None,
            f"{both(pair(EVENT, event.kind))} {clock(event.span.start)}",
        )
        for event in transcript.events
    )
    return Timeline(length, lanes, _pins(flags, length), shades, _ticks(length))


def _lanes(
    turns: Sequence[Turn], peaks: Sequence[Sequence[float]], length: int
) -> tuple[tuple[Lane, ...], dict[int, int]]:
    """A lane a channel where there are several, else a lane a role; channel → lane."""
    channels = sorted({turn.channel for turn in turns if turn.channel is not None})
    if len(peaks) > 1:
        channels = sorted({*channels, *range(len(peaks))})
    stereo = len(channels) > 1 and all(turn.channel is not None for turn in turns)
    lanes = []
    if stereo:
        for channel in channels:
            own = [turn for turn in turns if turn.channel == channel]
            roles = [role for role in ROLES if any(turn.role == role for turn in own)]
            wave = _wave(peaks[channel]) if 0 <= channel < len(peaks) else ""
            names = [pair(ROLES, role) for role in roles]
            lanes.append(Lane(
                " / ".join(name[0] for name in names) or "—",
                f"ch {channel + 1}", roles[0] if len(roles) == 1 else "", _bars(own, length), wave,
            ))  # fmt: skip
        return tuple(lanes), {channel: place for place, channel in enumerate(channels)}
    if any(map(len, peaks)):
        lanes.append(Lane("波形", "waveform", "", (), _wave(peaks[0])))
    for role, (chinese, english) in ROLES.items():
        if own := [turn for turn in turns if turn.role == role]:
            lanes.append(Lane(chinese, english, role, _bars(own, length), ""))
    return tuple(lanes), {}


def _bars(turns: Sequence[Turn], length: int) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            turn.index, turn.role, *_place(turn.span, length),
            f"{pair(ROLES, turn.role)[0]} {clock(turn.span.start)}",
        )
        for turn in turns
        if turn.span
    )  # fmt: skip


def _pins(flags: Sequence[Flag], length: int) -> tuple[Pin, ...]:
    """Pins next to each other climb into rows, so that each can be clicked."""
    last = [-math.inf] * PIN_ROWS
    pins = []
    timed = [(flag.span, number) for number, flag in enumerate(flags, 1) if flag.span]
    for span, number in sorted(timed, key=lambda item: (item[0].start, item[1])):
        x, width = _place(span, length)
        row = next((r for r in range(PIN_ROWS) if x - last[r] >= _PIN_GAP), None)
        if row is None:  # crowded: where the neighbour is furthest away
            row = min(range(PIN_ROWS), key=last.__getitem__)
        last[row] = x
        pins.append(Pin(number, x, width, row))
    return tuple(pins)


def _ticks(length: int) -> tuple[tuple[float, str], ...]:
    seconds = length / 1000
    step = next((s for s in _STEPS if seconds / s <= _MAX_TICKS), None)
    if step is None:
        step = math.ceil(seconds / _MAX_TICKS / 3600) * 3600
    return tuple(
        (_percent(at * 1000, length), short_clock(at * 1000))
        for at in range(0, int(seconds) + 1, step)
    )


def _place(span: Span, length: int) -> tuple[float, float]:
    return _percent(span.start, length), max(0.12, _percent(span.duration, length))


def _percent(ms: int, length: int) -> float:
    return round(100 * ms / length, 3)


def _wave(peaks: Sequence[float]) -> str:
    """A filled outline, mirrored at y = 1."""
    heights = _buckets([_height(peak) for peak in peaks])
    if not heights:
        return ""
    step = 1000 / len(heights)
    xs = [round((place + 0.5) * step, 1) for place in range(len(heights))]
    top = " ".join(f"{x:g} {1 - height:g}" for x, height in zip(xs, heights, strict=True))
    low = " ".join(
        f"{x:g} {1 + height:g}" for x, height in zip(reversed(xs), reversed(heights), strict=True)
    )
    return f"M0 1 L{top} L1000 1 L{low} Z"


def _height(peak: float) -> float:
    value = float(peak)
    return round(min(1.0, max(0.02, value)), 3) if math.isfinite(value) else 0.02


def _buckets(heights: Sequence[float]) -> list[float]:
    """At most ``MAX_BUCKETS``, each the highest of what it covers."""
    if len(heights) <= MAX_BUCKETS:
        return list(heights)
    edges = [round(place * len(heights) / MAX_BUCKETS) for place in range(MAX_BUCKETS + 1)]
    return [max(heights[start:end]) for start, end in pairwise(edges)]
