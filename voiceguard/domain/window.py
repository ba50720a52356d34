"""What a recogniser hears at once, and how its time maps to the recording's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceguard.domain.span import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Samples a second of everything that is recognised.
RATE = 16_000


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
