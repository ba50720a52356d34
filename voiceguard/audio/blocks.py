"""Samples at one rate, block by block or for one stretch; the channels stay apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from voiceguard.audio.decode.reader import Samples
from voiceguard.audio.decode.source import Source
from voiceguard.audio.options import AudioOptions
from voiceguard.domain import Span
from voiceguard.errors import AudioError

_MARGIN_MS = 50
"""Taken on both sides of a clip, so that the resampler's edges lie outside of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A stretch of a recording.

    Attributes:
        start: ms from the start of the recording.
        samples: (channels, n), as asked for, in -1 … 1.
        rate: Hz.
    """

    start: int
    samples: Samples
    rate: int


def read_blocks(path: str, options: AudioOptions, channels: Sequence[int]) -> Iterator[Block]:
    """The recording from start to end in blocks of ``options.block_ms``, without gaps or overlap.

    One resampler runs through all blocks, so their edges can't be heard. A damaged recording ends
    where it can't be decoded any more; :func:`survey` says so.

    Args:
        channels: 0-based, in the order wanted.

    Raises:
        AudioError: the recording can't be opened, or has no such channel.
    """
    with Source(path, options) as source:
        _check(source, channels)
        yield from blocks_of(source.chunks(), source.rate, options, channels)


def blocks_of(
    chunks: Iterable[Samples], rate: int, options: AudioOptions, channels: Sequence[int]
) -> Iterator[Block]:
    """Blocks, as from :func:`read_blocks`, of ``chunks`` (all channels, n) at ``rate`` Hz."""
    size = max(1, options.rate * options.block_ms // 1000)
    waiting: list[Samples] = []
    held = given = 0
    for piece in _resampled(chunks, rate, list(channels), options.rate):
        waiting.append(piece)
        held += piece.shape[1]
        if held < size:
            continue
        joined = np.concatenate(waiting, axis=1)
        whole = held // size * size
        for at in range(0, whole, size):
            yield _block(joined[:, at : at + size], given + at, options.rate)
        given += whole
        waiting, held = [joined[:, whole:]], held - whole
    if held:
        yield _block(np.concatenate(waiting, axis=1), given, options.rate)


def clip(path: str, options: AudioOptions, span: Span, channel: int) -> Samples:
    """The samples of one stretch of one channel.

    Returns:
        (n,) at ``options.rate``; shorter where the recording ends within ``span``.

    Raises:
        AudioError: the recording can't be opened, or has no such channel.
    """
    import librosa

    first = max(0, span.start - _MARGIN_MS)
    with Source(path, options) as source:
        _check(source, [channel])
        # A clip begins on a sample that both rates have, or it would be shifted by a part of one.
        unit = source.rate // math.gcd(source.rate, options.rate)
        start = first * source.rate // 1000 // unit * unit
        wanted = (span.end + _MARGIN_MS) * source.rate // 1000 - start
        pieces, held = [np.zeros(0, np.float32)], 0
        for chunk in source.chunks(start):
            pieces.append(chunk[channel])
            held += chunk.shape[1]
            if held >= wanted:
                break
        samples = np.concatenate(pieces)[:wanted]
        source_rate = source.rate
    if source_rate != options.rate and len(samples):
        samples = librosa.resample(
            samples, orig_sr=source_rate, target_sr=options.rate, res_type="soxr_hq"
        )
    skip = round(span.start * options.rate / 1000) - start * options.rate // source_rate
    size = span.end * options.rate // 1000 - span.start * options.rate // 1000
    return np.ascontiguousarray(samples[skip : skip + size], np.float32)


def _check(source: Source, channels: Sequence[int]) -> None:
    for channel in channels:
        if not 0 <= channel < source.channels:
            raise AudioError(
                f"{source.path}: has no channel {channel}, only {source.channels} (from 0)"
            )


def _block(samples: Samples, at: int, rate: int) -> Block:
    return Block(round(at * 1000 / rate), np.ascontiguousarray(samples), rate)


def _resampled(
    chunks: Iterable[Samples], source_rate: int, channels: list[int], rate: int
) -> Iterator[Samples]:
    """Pieces (channels, n) of any length at ``rate``."""
    if not channels:
        return
    if source_rate == rate:
        for chunk in chunks:
            yield chunk[channels]
        return
    # librosa.resample takes whole recordings; this is the same resampler, fed piece by piece.
    import soxr  # type: ignore[import-untyped, unused-ignore]

    stream = soxr.ResampleStream(source_rate, rate, len(channels), dtype="float32", quality="HQ")
    for chunk in chunks:
        yield stream.resample_chunk(np.ascontiguousarray(chunk[channels].T), last=False).T
    yield stream.resample_chunk(np.zeros((0, len(channels)), np.float32), last=True).T
