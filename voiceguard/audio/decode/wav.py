"""RIFF headers read by hand, because recorders get them wrong.

Recorders that crash or write into a pipe leave a length of 0, 0xFFFFFFFF or the like; libsndfile
then gives no samples, or refuses. Here the header only says where the samples begin and how they
are coded; how many there are is seen from the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from voiceguard.audio.decode.view import View

PCM, MS_ADPCM, FLOAT, ALAW, MULAW, IMA_ADPCM, GSM = 1, 2, 3, 6, 7, 0x11, 0x31
EXTENSIBLE = 0xFFFE
_PLACEHOLDERS = ((0x7FFF_F000, 0x8000_0000), (0xFFFF_F000, 0xFFFF_FFFF))
"""Lengths written by programs that did not know it (sox, ffmpeg, telephone servers)."""
_MAX_CHUNKS = 4096
_SALVAGE = 1 << 20


@dataclass(frozen=True, slots=True)
class WavLayout:
    """What a RIFF, RIFX, RF64 or BW64 header says, and what the file holds.

    Attributes:
        tag: format code, EXTENSIBLE already resolved.
        rate: Hz.
        bits: of one sample's container.
        align: bytes of one frame, or of one block of a block codec.
        block_frames: frames in such a block, 1 for PCM.
        byte_rate: bytes a second as the header says, 0 where it says nonsense.
        fmt: the chunk's bytes.
        big: big-endian (RIFX).
        offset: of the first audio byte.
        length: bytes of audio in the file.
        promised: bytes of audio according to the header, None where it does not say.
        written: the length as it stands there, a placeholder too.
        wrong: the header's length is a placeholder, or more audio follows.
        fact: frames according to the ``fact`` chunk; block codecs pad their last block.
    """

    tag: int
    rate: int
    channels: int
    bits: int
    align: int
    block_frames: int
    byte_rate: int
    fmt: bytes
    big: bool
    offset: int
    length: int
    promised: int | None
    written: int
    wrong: bool
    fact: int | None


def read_layout(view: View) -> WavLayout | str:
    """The layout, or why there is none, as the end of a sentence that begins with the file."""
    big = view.at(0, 4) == b"RIFX"
    order = ">" if big else "<"
    fmt = b""
    fact: int | None = None
    long_length: int | None = None
    largest: tuple[int, int] | None = None
    at = 12
    for _ in range(_MAX_CHUNKS):
        head = view.at(at, 8)
        if len(head) < 8:
            break
        name, size = head[:4], int(struct.unpack(order + "I", head[4:])[0])
        if name == b"data":
            if not fmt:
                return "has no description of its coding (the WAV header is damaged)"
            return _layout(view, fmt, big, at + 8, size, long_length, fact)
        if name == b"fmt ":
            fmt = view.at(at + 8, min(size, 4096))
        elif name == b"ds64":
            _, long_length = struct.unpack("<QQ", view.at(at + 8, 16).ljust(16, b"\0"))
        elif name == b"fact" and size >= 4:
            fact = int(struct.unpack(order + "I", view.at(at + 8, 4).ljust(4, b"\0"))[0])
        elif fmt and size > view.size // 2 and not largest:
            largest = at, size
        at += 8 + size + size % 2
    # A damaged chunk length led past the data, or the data's own name is damaged.
    start = view.at(0, _SALVAGE).find(b"data")
    if fmt and start >= 0:
        size = int(struct.unpack(order + "I", view.at(start + 4, 4).ljust(4, b"\0"))[0])
        return _layout(view, fmt, big, start + 8, size, long_length, fact)
    if fmt and largest:
        return _layout(view, fmt, big, largest[0] + 8, largest[1], long_length, fact)
    return "ends within its WAV header: no audio in it"


def _layout(
    view: View,
    fmt: bytes,
    big: bool,
    offset: int,
    size: int,
    long_length: int | None,
    fact: int | None,
) -> WavLayout | str:
    if len(fmt) < 14:
        return "has no description of its coding (the WAV header is damaged)"
    order = ">" if big else "<"
    tag, channels, rate, byte_rate, align, bits = struct.unpack(
        order + "HHIIHH", fmt[:16].ljust(16, b"\0")
    )
    if tag == EXTENSIBLE and len(fmt) >= 26:
        tag = struct.unpack(order + "H", fmt[24:26])[0]
    block_frames = 1
    if tag in (MS_ADPCM, IMA_ADPCM, GSM):
        if len(fmt) >= 20:
            block_frames = struct.unpack(order + "H", fmt[18:20])[0]
        block_frames = 320 if tag == GSM else block_frames
    elif tag in (PCM, FLOAT, ALAW, MULAW) and channels:
        bits, align = _container(tag, bits, align, channels)
    available = max(0, view.size - offset)
    length, promised, wrong = _length(view, offset, available, size, long_length, byte_rate)
    return WavLayout(
        tag, rate, channels, bits, align, block_frames, byte_rate, fmt, big,
        offset, length, promised, size if long_length is None else long_length, wrong, fact,
    )  # fmt: skip


def _container(tag: int, bits: int, align: int, channels: int) -> tuple[int, int]:
    """Bits and bytes that a frame really takes: 20 bits live in 24, and some headers lie."""
    if tag in (ALAW, MULAW):
        return 8, channels
    each, rest = divmod(align, channels)
    if rest or each * 8 < bits or each not in (1, 2, 3, 4, 8):
        each = (bits + 7) // 8
    return each * 8, each * channels


def _length(
    view: View, offset: int, available: int, size: int, long_length: int | None, byte_rate: int
) -> tuple[int, int | None, bool]:
    """Bytes to read, bytes promised (None: not said), whether the header is wrong."""
    if size == 0xFFFF_FFFF and long_length:
        size = long_length
    placeholder = any(low <= size <= high for low, high in _PLACEHOLDERS)
    if placeholder and (size > available or not _ends_well(view, offset + size)):
        return available, None, True
    if size > available:
        return available, size, False
    trailing = available - size
    if _ends_well(view, offset + size):
        return size, size, False
    # Some recorders write the length once and go on recording. A tenth of a second or more of
    # unexplained bytes is taken for audio; padding (one value repeated) is not.
    sample = view.at(offset + size, 4096)
    unexplained = trailing * 10 >= byte_rate > 0 and len(set(sample)) > 1
    if unexplained or (size == 0 and trailing):
        return available, None, True
    return size, size, False


def _ends_well(view: View, at: int) -> bool:
    """Whether the file ends at ``at``, or goes on with chunks or a tag up to its end."""
    if view.size - at <= 1 or view.at(at, 3) in (b"ID3", b"TAG"):
        return True
    for start in (at + at % 2, at):  # writers disagree about the padding byte
        here, chunks = start, 0
        while here < view.size and chunks < _MAX_CHUNKS:
            head = view.at(here, 8)
            if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
                break
            size = int.from_bytes(head[4:], "little")
            here += 8 + size + size % 2
            chunks += 1
        if chunks and view.size <= here <= view.size + 1:
            return True
    return False


def repaired(view: View, layout: WavLayout) -> View:
    """The same audio behind a fresh header, for codecs that libsndfile reads only from WAV."""
    length = min(layout.length, 0xFFFF_0000)
    order = ">" if layout.big else "<"
    fmt = layout.fmt + b"\0" * (len(layout.fmt) % 2)
    front = (
        (b"RIFX" if layout.big else b"RIFF")
        + struct.pack(order + "I", 4 + 8 + len(fmt) + 8 + length)
        + b"WAVEfmt "
        + struct.pack(order + "I", len(layout.fmt))
        + fmt
        + b"data"
        + struct.pack(order + "I", length)
    )
    return view.window(layout.offset, length, front)


def frames_of(layout: WavLayout, length: int) -> int:
    """Frames in ``length`` bytes of this coding; a last block's padding is taken off."""
    if layout.align <= 0:
        return 0
    if layout.block_frames > 1:
        frames = -(-length // layout.align) * layout.block_frames
        # libsndfile itself writes a wrong fact for stereo: believe only what padding explains.
        if layout.fact and frames - layout.block_frames < layout.fact <= frames:
            return layout.fact
        return length * layout.block_frames // layout.align
    if layout.tag in (PCM, FLOAT, ALAW, MULAW):
        return length // layout.align
    return length * layout.rate // layout.byte_rate if layout.byte_rate > 0 else 0
