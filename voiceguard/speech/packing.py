"""Packing speech into windows of at most 30 s, so that a recogniser decodes little else.

Spans of one channel are laid one after another with a short silence between them; a span is never
cut here. Each window knows how its own time maps to the recording's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import Span
from voiceguard.speech.detector import RATE, Speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_MS = 28_000
GAP_MS = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the recording and where it begins in the window, in ms."""

    span: Span
    at: int

    @property
    def end(self) -> int:
        """Where it ends in the window, in ms."""
        return self.at + self.span.duration


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a recogniser hears at once.

    Attributes:
        id: unique within a command, ``call:channel:number``.
        pieces: at least one, in order.
        samples: float32 mono at 16 kHz, at most 30 s.
    """

    id: str
    channel: int
    pieces: tuple[Piece, ...]
    samples: NDArray[np.float32]

    @property
    def duration(self) -> int:
        """Length in ms."""
        return len(self.samples) * 1000 // RATE

    def piece_at(self, ms: float) -> int:
        """Index of the piece that lies at ``ms`` of the window, else of the nearest one."""
        def away(piece: Piece) -> float:
            return max(piece.at - ms, ms - piece.end, 0.0)

        return min(range(len(self.pieces)), key=lambda i: away(self.pieces[i]))

    def in_recording(self, ms: float, piece: int) -> int:
        """Time in the recording (ms) of ``ms`` in the window, kept inside ``piece``."""
        p = self.pieces[piece]
        return round(min(max(p.span.start + ms - p.at, p.span.start), p.span.end))


class Packer:
    """Fills windows with the speech of one channel, in order."""

    def __init__(self, call: str, channel: int, longest: int = LONGEST_MS) -> None:
        self._call, self._channel, self._longest = call, channel, longest
        self._held: list[Speech] = []
        self._length = 0
        self._number = 0

    def feed(self, speech: Speech) -> list[Window]:
        """The window that has no room for ``speech``, if one is full."""
        full = []
        if self._held and self._length + GAP_MS + speech.span.duration > self._longest:
            full = self.finish()
        self._length += speech.span.duration + (GAP_MS if self._held else 0)
        self._held.append(speech)
        return full

    def finish(self) -> list[Window]:
        """The window that is being filled, if there is one."""
        if not self._held:
            return []
        gap = np.zeros(GAP_MS * RATE // 1000, np.float32)
        parts: list[NDArray[np.float32]] = []
        pieces, at = [], 0
        for speech in self._held:
            if parts:
                parts.append(gap)
                at += len(gap)
            pieces.append(Piece(speech.span, at * 1000 // RATE))
            parts.append(speech.samples)
            at += len(speech.samples)
        window = Window(f"{self._call}:{self._channel}:{self._number}", self._channel,
                        tuple(pieces), np.concatenate(parts))
        self._held, self._length, self._number = [], 0, self._number + 1
        return [window]
