"""What a recording is and how good, told by one pass over its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy import bool_
from numpy.typing import NDArray

from voiceguard.audio import notices
from voiceguard.audio.decode.reader import Samples
from voiceguard.audio.decode.source import Source
from voiceguard.audio.levels import ChannelLevel, Meter
from voiceguard.audio.options import AudioOptions
from voiceguard.audio.sameness import Sameness
from voiceguard.audio.waveform import Waveform
from voiceguard.domain import Notice, Recording

_DEAD_DB = -66.0
"""Below: digital silence, or the idle noise of a coder (A-law's lies at -72)."""
_STEADY_DB, _STEADY_RANGE_DB = -48.0, 3.0
"""Soft and never changing: hum or noise of an open line."""
_LOW_DB = -45.0
_CLIPPED = 0.001
_OFFSET = 0.01


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a recording tells.

    Attributes:
        recording: with the duration that could really be decoded.
        levels: one per channel.
        mono_like: there is but one signal: one channel, or all live ones the same. Channels
            don't tell the speakers apart; analysing ``active`` is enough.
        active: channels worth transcribing: not dead, and no copy of an earlier one.
        copies: live channels that carry the same as an earlier one.
        peaks: per channel, up to 2000 waveform peaks, 0 … 1.
        peak_ms: milliseconds that a peak stands for.
        notices: what is wrong with the recording, with stable codes.
    """

    recording: Recording
    levels: tuple[ChannelLevel, ...]
    mono_like: bool
    active: tuple[int, ...]
    copies: tuple[int, ...]
    peaks: tuple[tuple[float, ...], ...]
    peak_ms: float
    notices: tuple[Notice, ...]


class Gauges:
    """What a survey measures, while the samples stream by; memory does not grow with them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sha256 = source.sha256()
        self._meter = Meter(source.channels, source.rate)
        self._sameness = Sameness(source.channels, source.rate)
        self._waveform = Waveform(source.channels, source.rate)

    def feed(self, chunk: Samples) -> None:
        """Take the next samples (channels, n) into account."""
        self._meter.feed(chunk)
        self._sameness.feed(chunk)
        self._waveform.feed(chunk)

    def survey(self) -> Survey:
        """Of all that was fed; notices about the file are right once it was read to the end."""
        source = self._source
        recording = Recording(
            path=source.path,
            sha256=self._sha256,
            duration=round(source.done * 1000 / source.rate),
            sample_rate=source.rate,
            channels=source.channels,
            codec=source.codec,
        )
        levels = self._meter.levels()
        live = [i for i, level in enumerate(levels) if not _dead(level)]
        copies = _copies(live, self._sameness.matrix())
        active = tuple(i for i in live if all(i not in group[1:] for group in copies))
        return Survey(
            recording=recording,
            levels=levels,
            mono_like=len(levels) == 1 or len(live) > 1 == len(active),
            active=active,
            copies=tuple(i for group in copies for i in group[1:]),
            peaks=self._waveform.peaks(),
            peak_ms=self._waveform.step_ms,
            notices=source.notices() + _judge(levels, live, copies),
        )


def survey(path: str, options: AudioOptions) -> Survey:
    """Read all of a recording once, in pieces.

    Raises:
        AudioError: nothing in it can be decoded; one line with the file's name.
    """
    with Source(path, options) as source:
        gauges = Gauges(source)
        for chunk in source.chunks():
            gauges.feed(chunk)
        return gauges.survey()


def _dead(level: ChannelLevel) -> bool:
    """No voice in it: silence, or a soft noise that never changes."""
    steady = level.loudest_db - level.noise_db < _STEADY_RANGE_DB
    return level.loudest_db < _DEAD_DB or (steady and level.loudest_db < _STEADY_DB)


def _copies(live: Sequence[int], same: NDArray[bool_]) -> list[list[int]]:
    """Groups of channels that carry the same, each in order."""
    groups: list[list[int]] = []
    for channel in live:
        own = next((g for g in groups if same[g[0], channel]), None)
        if own is None:
            groups.append([channel])
        else:
            own.append(channel)
    return [group for group in groups if len(group) > 1]


def _judge(
    levels: Sequence[ChannelLevel], live: Sequence[int], copies: Sequence[Sequence[int]]
) -> tuple[Notice, ...]:
    found = [notices.identical_channels(group) for group in copies]
    for channel, level in enumerate(levels):
        if channel not in live:
            found.append(notices.dead_channel(channel, level.loudest_db))
        elif level.active_db < _LOW_DB:
            found.append(notices.low_level(channel, level.active_db))
        if level.clipped_share > _CLIPPED:
            found.append(notices.clipping(channel, level.clipped_share))
        if abs(level.dc_offset) > _OFFSET:
            found.append(notices.dc_offset(channel, level.dc_offset))
    return tuple(found)
