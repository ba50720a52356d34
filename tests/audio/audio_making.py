"""Recordings made for the tests: every channel a tone of its own, in any coding."""

from __future__ import annotations

import io
import struct
import tempfile
from pathlib import Path

import av
import numpy as np
import soundfile

from voiceguard.audio import AudioOptions, read_blocks


def tone_hz(channel: int) -> int:
    return 310 + 170 * channel


def tones(rate: int, channels: int, frames: int, level: float = 0.3) -> np.ndarray:
    """(channels, frames) float32; channel c is a sine of ``tone_hz(c)``."""
    at = np.arange(frames) / rate
    return np.stack([level * np.sin(2 * np.pi * tone_hz(c) * at) for c in range(channels)]).astype(
        np.float32
    )


def heard_hz(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency in (n,)."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(np.argmax(spectrum) * rate / (8 * len(samples)))


def by_soundfile(data: np.ndarray, rate: int, container: str, subtype: str, endian="FILE") -> bytes:
    target = io.BytesIO()
    soundfile.write(target, data.T, rate, format=container, subtype=subtype, endian=endian)
    return target.getvalue()


LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def by_av(
    data: np.ndarray,
    rate: int,
    container: str,
    codec: str,
    options: dict[str, str] | None = None,
    bit_rate: int | None = None,
    mux_options: dict[str, str] | None = None,
    video: bool = False,
    tracks: int = 1,
) -> bytes:
    """Encoded with PyAV, in memory."""
    channels = data.shape[0]
    with (
        tempfile.NamedTemporaryFile() as target,
        av.open(
            # A name, not the file object: to put the index first ffmpeg opens the file again.
            target.name,
            "w",
            format=container,
            options=mux_options or {},
        ) as out,
    ):
        streams = []
        for _ in range(tracks):
            stream = out.add_stream(
                codec, rate=rate, layout=LAYOUTS[channels], options=options or {}
            )
            if bit_rate:
                stream.bit_rate = bit_rate
            streams.append(stream)
        picture = None
        if video:
            picture = out.add_stream("mpeg4", rate=10)
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
        if picture:
            for _ in range(5):
                image = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                out.mux(picture.encode(image))
            out.mux(picture.encode(None))
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(data, np.float32), format="fltp", layout=LAYOUTS[channels]
            )
            frame.sample_rate = rate
            frame.pts = 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        out.close()
        return Path(target.name).read_bytes()


def saved(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def codes(notices) -> set[str]:
    return {notice.code for notice in notices}


def notice(look, code: str) -> str:
    return next(n.message for n in look.notices if n.code == code)


def total_ms(path: str, options: AudioOptions | None = None) -> float:
    return sum(
        b.samples.shape[1] * 1000 / b.rate
        for b in read_blocks(path, options or AudioOptions(), [0])
    )


def wav(seconds: float = 1.0, rate: int = 8000, channels: int = 2, subtype: str = "ALAW") -> bytes:
    return by_soundfile(tones(rate, channels, int(seconds * rate)), rate, "WAV", subtype)


def with_length(data: bytes, length: int) -> bytes:
    at = data.index(b"data") + 4
    return data[:at] + struct.pack("<I", length) + data[at + 4 :]
