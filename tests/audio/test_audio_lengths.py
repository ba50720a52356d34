"""Headers that lie about the length, or are damaged before the audio begins."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from audio_making import (
    by_av,
    by_soundfile,
    codes,
    notice,
    saved,
    tones,
    total_ms,
    wav,
    with_length,
)

from voiceguard.audio import AudioOptions, survey
from voiceguard.audio.decode.view import open_view
from voiceguard.audio.decode.wav import read_layout

OPTIONS = AudioOptions()


@pytest.mark.parametrize("subtype", ["PCM_16", "ALAW", "GSM610", "IMA_ADPCM"])
@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFF000, 0x7FFFFFFF])
def test_placeholder_length(tmp_path, subtype, length):
    channels = 1 if subtype == "GSM610" else 2
    whole = by_soundfile(tones(8000, channels, 50 * 505), 8000, "WAV", subtype)
    path = saved(tmp_path, "call.wav", with_length(whole, length))
    look = survey(path, OPTIONS)
    assert abs(look.recording.duration - 50 * 505 / 8) <= 20
    assert codes(look.notices) == {"header_length_wrong"}
    assert f"({length} bytes of audio" in notice(look, "header_length_wrong")
    assert abs(total_ms(path) - 50 * 505 / 8) <= 20


def test_length_too_small_is_read_on(tmp_path):
    path = saved(tmp_path, "call.wav", with_length(wav(2.0), 1000))
    look = survey(path, OPTIONS)
    assert look.recording.duration == 2000
    assert codes(look.notices) == {"header_length_wrong"}


@pytest.mark.parametrize("tail", [b"LIST\x04\0\0\0INFO", b"TAG" + bytes(125), bytes(4000), b"x"])
def test_what_follows_the_data_is_not_audio(tmp_path, tail):
    look = survey(saved(tmp_path, "call.wav", wav(1.0) + tail), OPTIONS)
    assert look.recording.duration == 1000 and look.notices == ()


def test_rf64_with_and_without_its_length(tmp_path):
    whole = by_soundfile(tones(8000, 2, 8000), 8000, "RF64", "PCM_16")
    at = whole.index(b"ds64") + 16
    assert struct.unpack("<Q", whole[at : at + 8]) == (32000,)
    blank = whole[:at] + bytes(8) + whole[at + 8 :]
    look = survey(saved(tmp_path, "a.wav", blank), OPTIONS)
    assert look.recording.duration == 1000
    assert codes(look.notices) == {"header_length_wrong"}


def test_a_damaged_chunk_before_the_data(tmp_path):
    whole = wav(1.0, subtype="PCM_16")
    at = whole.index(b"data")
    extra = b"LIST" + struct.pack("<I", 999_999_999) + b"INFO"
    look = survey(saved(tmp_path, "a.wav", whole[:at] + extra + whole[at:]), OPTIONS)
    assert look.recording.duration == 1000


@pytest.mark.parametrize("written", ["wrapped", "placeholder", "rf64"])
def test_more_than_four_gigabytes(tmp_path, written):
    """A sparse file: only its header and the place where the length wraps hold anything."""
    audio = 5 << 30
    length = {"wrapped": audio % 2**32}.get(written, 0xFFFFFFFF)
    header = with_length(wav(0.1), length)[:58]
    header = header[: header.index(b"data") + 8]
    if written == "rf64":
        sizes = struct.pack("<QQQI", audio + 100, audio, audio // 2, 0)
        header = b"RF64" + header[4:12] + b"ds64" + struct.pack("<I", 28) + sizes + header[12:]
    path = tmp_path / "long.wav"
    with path.open("wb") as out:
        out.write(header)
        out.seek(len(header) + audio % 2**32)
        out.write(np.random.default_rng(1).bytes(5000))
        out.truncate(len(header) + audio)
    file, view = open_view(str(path))
    layout = read_layout(view)
    file.close()
    assert not isinstance(layout, str)
    assert (layout.length, layout.offset) == (audio, len(header))
    assert layout.wrong == (written != "rf64")


def test_a_damaged_name_of_the_data(tmp_path):
    whole = wav(1.0, subtype="PCM_16").replace(b"data", b"d\x81ta")
    assert survey(saved(tmp_path, "a.wav", whole), OPTIONS).recording.duration == 1000


@pytest.mark.parametrize("container", ["wav", "avi"])
def test_a_damaged_text_chunk_takes_no_memory(tmp_path, container):
    """ffmpeg takes a gigabyte for the text that this header announces."""
    import resource

    data = bytearray(by_av(tones(16000, 1, 16000), 16000, container, "libmp3lame", {}, 32000))
    at = data.index(b"ISFT") + 4
    data[at : at + 4] = b"\xff\xff\xff\x3f"
    path = saved(tmp_path, "call.bin", bytes(data))
    survey(saved(tmp_path, "b.wav", wav()), OPTIONS)  # imports what is heavy
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    look = survey(path, OPTIONS)
    assert abs(look.recording.duration - 1000) <= 150
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
