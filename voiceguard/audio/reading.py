"""A recording read once: its sound for the recogniser, and what it is, from the same samples."""

from __future__ import annotations

from collections.abc import Iterator

from voiceguard.audio.blocks import Block, blocks_of
from voiceguard.audio.decode.reader import Samples
from voiceguard.audio.decode.source import Source
from voiceguard.audio.options import AudioOptions
from voiceguard.audio.survey import Gauges, Survey

LEAD_MS = 60_000
"""Surveyed before the first block is given out: long enough to hear whether the channels differ,
short enough to be held in memory."""


class Reading:
    """One pass over a recording.

    ``blocks`` gives all channels. When the first block comes, ``survey`` tells of the first minute
    (of all of a shorter recording); when the last one is through, it tells of the whole.
    """

    def __init__(self, path: str, options: AudioOptions) -> None:
        self._path, self._options = path, options
        self._gauges: Gauges | None = None
        self._whole: Survey | None = None

    def blocks(self) -> Iterator[Block]:
        """The recording from start to end, as from ``read_blocks``; may be called once.

        Raises:
            AudioError: nothing in it can be decoded; before the first block.
        """
        with Source(self._path, self._options) as source:
            self._gauges = Gauges(source)
            yield from blocks_of(
                self._surveyed(source), source.rate, self._options, range(source.channels)
            )
            self._whole = self._gauges.survey()

    def survey(self) -> Survey:
        """Of what has been read so far; needs a first block."""
        assert self._gauges is not None
        return self._whole or self._gauges.survey()

    def _surveyed(self, source: Source) -> Iterator[Samples]:
        gauges = self._gauges
        assert gauges is not None
        ahead: list[Samples] = []
        for chunk in source.chunks():
            gauges.feed(chunk)
            ahead.append(chunk)
            if source.done * 1000 >= LEAD_MS * source.rate:
                yield from ahead
                ahead.clear()
        yield from ahead
