"""What every decoder gives: a format, samples piece by piece, and what went wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voiceguard.audio.options import MAX_CHANNELS, MAX_RATE, MIN_RATE
from voiceguard.domain import Notice

Samples = NDArray[np.float32]

CHUNK = 1 << 16
"""Frames that a reader gives at a time, about."""


class Unreadable(Exception):
    """A decoder can't open the data; the text ends a sentence that begins with the file's name."""


class OutOfRange(Unreadable):
    """The header says something impossible: another decoder would only guess."""


def check_format(rate: int, channels: int) -> None:
    """Refuse what no recorder writes.

    Raises:
        OutOfRange: rate (Hz) or number of channels out of range.
    """
    if not 1 <= channels <= MAX_CHANNELS:
        raise OutOfRange(f"says it has {channels} channels: 1 to {MAX_CHANNELS} can be read")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise OutOfRange(f"says its rate is {rate} Hz: {MIN_RATE} to {MAX_RATE} can be read")


@dataclass(slots=True)
class Trouble:
    """What a reader met while decoding; it grows as samples are read.

    Attributes:
        stopped: decoding ended at damage, before the end of the data.
        read_to: position in bytes behind the last data that could be decoded, 0 where not known.
        silenced: frames of silence put in place of damaged ones.
        filled: frames of silence put where the time stamps leave a gap.
        notices: what is known beforehand.
    """

    stopped: bool = False
    read_to: int = 0
    silenced: int = 0
    filled: int = 0
    notices: list[Notice] = field(default_factory=list)


class Reader(Protocol):
    """An open decoder.

    Attributes:
        rate: Hz, as stored.
        promised: the header's number of frames, None where it does not say.
        exact: fewer frames decoded are a loss; otherwise it may be encoder delay.
    """

    rate: int
    channels: int
    codec: str
    promised: int | None
    exact: bool
    trouble: Trouble

    def chunks(self, start: int) -> Iterator[Samples]:
        """Samples (channels, n) from frame ``start`` to the end; may be called once."""
        ...

    def close(self) -> None:
        """Free the decoder."""
        ...
