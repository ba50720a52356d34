"""Times that make sense, whatever a recogniser wrote: in order, apart, and inside the speech."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from voiceguard.domain import Piece, Span

#: Start and end in ms of the recording, as a recogniser gave them: any floats, or none.
RawTime = tuple[float, float] | None


class Timeline:
    """The pieces of a window laid end to end: one clock (ms) without what lies between them."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._from = [0]
        for piece in pieces:
            self._from.append(self._from[-1] + piece.span.duration)

    @property
    def length(self) -> int:
        """Of all pieces together, ms."""
        return self._from[-1]

    def at(self, ms: int, piece: int) -> int:
        """The clock at a time of the recording that lies in ``piece``."""
        return self._from[piece] + ms - self._pieces[piece].span.start

    def piece_at(self, clock: float) -> int:
        """Index of the piece that is on at ``clock``."""
        return min(max(bisect_right(self._from, clock) - 1, 0), len(self._pieces) - 1)

    def span(self, a: float, b: float) -> tuple[Span, int]:
        """From ``a`` to ``b`` of the clock as times of the recording, cut to the piece in which
        its middle lies."""
        piece = self.piece_at((a + b) / 2)
        inside, start = self._pieces[piece].span, self._from[piece]
        low = min(max(inside.start + round(a - start), inside.start), inside.end)
        return Span(low, min(max(inside.start + round(b - start), low), inside.end)), piece


def mend(
    times: Sequence[RawTime], pieces: Sequence[Piece]
) -> tuple[list[tuple[Span, int]], dict[int, bool]]:
    """Spans in the order of the words, none reversed, overlapping or outside its piece.

    The words are in the order in which they were said, so the longest chain of starts that never
    goes back is believed (patience sorting); what lies outside it is spread between its neighbours.

    Args:
        times: of each word; NaN, infinite, negative and reversed ones are allowed.
        pieces: at least one, in order.

    Returns:
        Span and index of piece of each word; and for every word whose time was changed, whether it
        was made up (else only cut).
    """
    placed = [_placed(time, pieces) for time in times]
    chain = _longest_chain(placed)
    believed = [time if i in chain else None for i, time in enumerate(placed)]
    coming = _coming(believed)
    timeline = Timeline(pieces)
    out: list[tuple[Span, int]] = []
    changed: dict[int, bool] = {}
    clock = 0  # where the word before ends
    for i, known in enumerate(believed):
        after, following = coming[i]
        if known is not None:
            start = max(known[0].start, out[-1][0].end if out else 0)
            limit = following[0].start if following else known[0].end
            span, piece = Span(start, max(start, min(known[0].end, limit))), known[1]
        else:
            room = timeline.at(following[0].start, following[1]) if following else timeline.length
            span, piece = timeline.span(clock, clock + max(0.0, room - clock) / (after - i))
            if out and span.start < out[-1][0].end:  # a rounding step
                span = Span(out[-1][0].end, max(out[-1][0].end, span.end))
        piece = max(piece, out[-1][1] if out else 0)
        out.append((span, piece))
        clock = timeline.at(span.end, piece)
        if times[i] != (span.start, span.end):
            changed[i] = known is None
    return out, changed


def _coming(
    believed: Sequence[tuple[Span, int] | None],
) -> list[tuple[int, tuple[Span, int] | None]]:
    """For each word the index and time of the next one that is believed, else the end and None."""
    out: list[tuple[int, tuple[Span, int] | None]] = []
    after: tuple[int, tuple[Span, int] | None] = (len(believed), None)
    for i in range(len(believed) - 1, -1, -1):
        out.append(after)
        if believed[i] is not None:
            after = (i, believed[i])
    return out[::-1]


def _placed(time: RawTime, pieces: Sequence[Piece]) -> tuple[Span, int] | None:
    """A time that can be used, cut to its piece; None where it is no time or lies in no piece."""
    if time is None or not all(map(math.isfinite, time)) or time[1] < time[0]:
        return None
    start, end = time
    middle = (start + end) / 2
    for index, piece in enumerate(pieces):
        if piece.span.start <= middle <= piece.span.end:
            a = min(max(round(start), piece.span.start), piece.span.end)
            return Span(a, max(a, min(round(end), piece.span.end))), index
    return None


def _longest_chain(placed: Sequence[tuple[Span, int] | None]) -> set[int]:
    """Indices of the longest subsequence whose starts never go back."""
    tops: list[int] = []  # of each pile: its last start
    piles: list[int] = []  # the index that made it
    before: dict[int, int | None] = {}
    for i, time in enumerate(placed):
        if time is None:
            continue
        at = bisect_right(tops, time[0].start)
        before[i] = piles[at - 1] if at else None
        tops[at : at + 1] = [time[0].start]
        piles[at : at + 1] = [i]
    if len(piles) == len(placed):  # as it should be
        return set(range(len(placed)))
    chain: set[int] = set()
    last = piles[-1] if piles else None
    while last is not None:
        chain.add(last)
        last = before[last]
    return chain
