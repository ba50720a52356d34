"""A small copy of a recording that any browser plays, to be embedded in a report."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from voiceguard.audio.blocks import Block, read_blocks
from voiceguard.audio.decode.source import Source
from voiceguard.audio.options import AudioOptions
from voiceguard.errors import AudioError

RATE = 16_000
"""Hz. MP3 below 16 kHz is MPEG 2.5, which not every browser plays."""
BITS_PER_CHANNEL = 24_000


def playable(
    path: str, options: AudioOptions, max_ms: int, channels: Sequence[int] | None = None
) -> tuple[str, bytes]:
    """The first ``max_ms`` of a recording as MP3, 24 kbit/s per channel.

    Args:
        channels: one or two, in the order wanted. None takes all; of more than two (which MP3
            does not know) the first two.

    Returns:
        ``("audio/mpeg", bytes)``, mono or stereo; stereo channels are coded apart.

    Raises:
        AudioError: nothing in it can be decoded.
    """
    if channels is None:
        with Source(path, options) as source:
            channels = range(min(2, source.channels))
    if not 1 <= len(channels) <= 2:
        raise AudioError(f"{path}: a playable copy has one or two channels, not {len(channels)}")
    narrow = replace(options, rate=RATE, block_ms=10_000)
    data = _encode(path, _until(read_blocks(path, narrow, channels), max_ms), len(channels))
    return "audio/mpeg", data


def _until(blocks: Iterator[Block], max_ms: int) -> Iterator[Block]:
    for block in blocks:
        left = (max_ms - block.start) * RATE // 1000
        if left <= 0:
            return
        yield replace(block, samples=block.samples[:, :left])


def _encode(path: str, blocks: Iterator[Block], channels: int) -> bytes:
    import av

    target = io.BytesIO()
    written = 0
    layout = "mono" if channels == 1 else "stereo"
    try:
        with av.open(target, "w", format="mp3") as container:
            # Joint stereo saves little here and would carry one party into the other's channel.
            stream = container.add_stream(
                "libmp3lame",
                rate=RATE,
                layout=layout,
                options={"joint_stereo": "0", "compression_level": "7"},
            )
            stream.bit_rate = BITS_PER_CHANNEL * channels
            for block in blocks:
                loud = np.clip(np.rint(block.samples * 32767), -32768, 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(loud, format="s16p", layout=layout)
                frame.sample_rate = RATE
                frame.pts = written
                written += loud.shape[1]
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise AudioError(f"{path}: no playable copy could be made ({error.strerror})") from None
    return target.getvalue()
