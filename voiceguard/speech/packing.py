"""Packing speech into windows of at most 30 s, so that a recogniser decodes little else.

Spans of one channel are laid one after another with a short silence between them; a span is never
cut here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voiceguard.domain import RATE, Piece, Window
from voiceguard.speech.detector import Speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_MS = 28_000
GAP_MS = 400


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
