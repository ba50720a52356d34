"""Files that are no recordings, and other contents: one clear line, or what to say of them."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from audio_making import (
    by_av,
    by_soundfile,
    codes,
    saved,
    tones,
    total_ms,
    wav,
    with_length,
)

from voiceguard.audio import AudioOptions, RawFormat, clip, playable, read_blocks, survey
from voiceguard.audio.decode.view import View
from voiceguard.domain import Span
from voiceguard.errors import AudioError

OPTIONS = AudioOptions()


NOT_AUDIO = {
    "text": ("call.wav", "客户说他下个月还款。\n".encode() * 20, "is text"),
    "gb18030 text": ("call.mp3", "客户说他下个月还款。\n".encode("gb18030") * 20, "is text"),
    "empty": ("call.wav", b"", "is empty (0 bytes)"),
    "one byte": ("call.wav", b"R", "is text"),
    "zeros": ("call.wav", bytes(5000), "not in a known audio format"),
    "noise": ("call.wav", np.random.default_rng(1).bytes(3000), "not in a known audio format"),
    "riff only": ("call.wav", b"RIFF\x24\0\0\0WAVE", "ends within its WAV header"),
    "half a header": ("call.wav", wav()[:30], "ends within its WAV header"),
    "header only": ("call.wav", with_length(wav(), 0)[:58], "holds no audio"),
    "png": ("call.wav", b"\x89PNG\r\n\x1a\n" + bytes(50), "is an image"),
    "zip": ("call.m4a", b"PK\x03\x04" + bytes(50), "is an archive"),
    "html": ("call.mp3", b"<!DOCTYPE html><html>login</html>", "is markup"),
    "pdf": ("call.mp3", b"%PDF-1.7 ...", "is a PDF"),
    "cut mp4": ("call.m4a", by_av(tones(8000, 1, 8000), 8000, "ipod", "aac")[:600], "can't be"),
    "flac header": ("a.flac", by_soundfile(tones(8000, 1, 9), 8000, "FLAC", "PCM_16")[:60], ""),
    "300 channels": (
        "call.wav", wav(subtype="PCM_16")[:22] + b"\x2c\x01" + wav(subtype="PCM_16")[24:],
        "says it has 300 channels",
    ),
    "1 Hz": (
        "call.wav", wav(subtype="PCM_16")[:24] + b"\1\0\0\0" + wav(subtype="PCM_16")[28:],
        "says its rate is 1 Hz",
    ),
    "9 channels": (
        "call.wav", by_soundfile(tones(8000, 9, 900), 8000, "WAVEX", "PCM_16"),
        "says it has 9 channels",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_AUDIO)
def test_no_recording(tmp_path, case):
    name, content, said = NOT_AUDIO[case]
    path = saved(tmp_path, name, content)
    refused = []
    for attempt in (
        lambda: survey(path, OPTIONS),
        lambda: list(read_blocks(path, OPTIONS, [0])),
        lambda: playable(path, OPTIONS, 1000),
        lambda: clip(path, OPTIONS, Span(0, 100), 0),
    ):
        with pytest.raises(AudioError) as caught:
            attempt()
        refused.append(str(caught.value))
    for line in refused:
        assert line.startswith(path) and said in line and "\n" not in line
    if "known" in said:
        assert "--raw" in refused[0]


def test_missing_directory_pipe_and_strange_names(tmp_path):
    fifo = tmp_path / "pipe.wav"
    os.mkfifo(fifo)
    for path, said in [
        (str(tmp_path / "none.wav"), "no such file"),
        (str(tmp_path), "is a directory"),
        (str(fifo), "is not a regular file"),
        ("/dev/zero", "is not a regular file"),
        ("a\0b.wav", "not a possible file name"),
        (str(tmp_path / ("x" * 400)), "can't be opened"),
        (str(tmp_path / "none.wav" / "deeper.wav"), "no such file"),
    ]:
        with pytest.raises(AudioError, match=said):
            survey(path, OPTIONS)


def test_no_permission(tmp_path, monkeypatch):
    """Root may read everything, so the refusal is played."""
    path = saved(tmp_path, "call.wav", wav())
    real = os.open

    def refuse(name, *rest, **more):
        if name == path:
            raise PermissionError(13, "Permission denied", name)
        return real(name, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AudioError, match=r"call\.wav: no permission to read it"):
        survey(path, OPTIONS)


def test_a_failing_disk_is_named_or_reported(tmp_path, monkeypatch):
    path = saved(tmp_path, "call.wav", wav(3.0, subtype="PCM_16"))
    real = View._body

    def fail(self, at, size):
        if at + size > 30_000:
            self.error = OSError(5, "Input/output error")
        return real(self, at, max(0, min(size, 30_000 - at)))

    monkeypatch.setattr(View, "_body", fail)
    with pytest.raises(AudioError, match=r"call\.wav: reading fails: Input/output error"):
        survey(path, OPTIONS)
    assert 800 < total_ms(path) < 3000


def test_video(tmp_path):
    for container in ("mp4", "matroska", "avi"):
        data = by_av(tones(16000, 2, 16000), 16000, container, "aac", {}, 64000, video=True)
        look = survey(saved(tmp_path, "call.wav", data), OPTIONS)
        assert "video_stream_ignored" in codes(look.notices)
        assert look.recording.channels == 2 and abs(look.recording.duration - 1000) <= 100


def test_video_without_sound(tmp_path):
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        out.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        out.mux(stream.encode(None))
    with pytest.raises(AudioError, match="has no audio track"):
        survey(saved(tmp_path, "a.mp4", target.getvalue()), OPTIONS)


def test_second_audio_track(tmp_path):
    data = by_av(tones(16000, 1, 16000), 16000, "matroska", "aac", {}, 64000, tracks=2)
    look = survey(saved(tmp_path, "a.mkv", data), OPTIONS)
    assert codes(look.notices) == {"audio_streams_ignored"}


def test_raw_format_for_a_file_with_a_header(tmp_path):
    options = AudioOptions(raw=RawFormat(8000, "mulaw", 1))
    look = survey(saved(tmp_path, "a.wav", wav(1.0)), options)
    assert (look.recording.codec, look.recording.channels) == ("alaw", 2)
    assert codes(look.notices) == {"raw_ignored"}


def test_raw_with_half_a_frame(tmp_path):
    data = by_soundfile(tones(8000, 2, 8000), 8000, "RAW", "PCM_16", "LITTLE")
    options = AudioOptions(raw=RawFormat(8000, "pcm_s16le", 2))
    look = survey(saved(tmp_path, "a.pcm", data[:-3]), options)
    assert look.recording.duration == 1000
    assert codes(look.notices) == {"raw_remainder"}


def test_longer_than_the_limit(tmp_path):
    options = AudioOptions(max_ms=700)
    path = saved(tmp_path, "a.wav", wav(2.0))
    look = survey(path, options)
    assert look.recording.duration == 700 and codes(look.notices) == {"too_long"}
    assert total_ms(path, options) == pytest.approx(700, abs=1)


def test_no_such_channel(tmp_path):
    path = saved(tmp_path, "a.wav", wav(0.2))
    for attempt in (
        lambda: list(read_blocks(path, OPTIONS, [0, 2])),
        lambda: list(read_blocks(path, OPTIONS, [-1])),
        lambda: clip(path, OPTIONS, Span(0, 50), 2),
    ):
        with pytest.raises(AudioError, match="has no channel"):
            attempt()
