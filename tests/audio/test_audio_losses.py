"""Recordings cut off or damaged inside: what is read, and how much is said to be lost."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from audio_making import (
    by_av,
    by_soundfile,
    codes,
    heard_hz,
    notice,
    saved,
    tone_hz,
    tones,
    total_ms,
)

from voiceguard.audio import AudioOptions, read_blocks, survey

OPTIONS = AudioOptions()


CUT = {
    "wav pcm": (lambda d: by_soundfile(d, 8000, "WAV", "PCM_16"), 25),
    "wav alaw": (lambda d: by_soundfile(d, 8000, "WAV", "ALAW"), 25),
    "wav gsm": (lambda d: by_soundfile(d[:1], 8000, "WAV", "GSM610"), 80),
    "wav ima": (lambda d: by_soundfile(d, 8000, "WAV", "IMA_ADPCM"), 140),
    "rf64": (lambda d: by_soundfile(d, 8000, "RF64", "PCM_16"), 40),
    "w64": (lambda d: by_soundfile(d, 8000, "W64", "PCM_16"), 40),
    "aiff": (lambda d: by_soundfile(d, 8000, "AIFF", "PCM_16"), 40),
    "au": (lambda d: by_soundfile(d, 8000, "AU", "ULAW"), 25),
    "caf": (lambda d: by_soundfile(d, 8000, "CAF", "PCM_16"), 60),
    "flac": (lambda d: by_soundfile(d, 8000, "FLAC", "PCM_16"), 520),
    "mp3": (lambda d: by_av(d, 8000, "mp3", "libmp3lame", {}, 32000), 300),
    "m4a, index first": (
        lambda d: by_av(d, 8000, "ipod", "aac", {}, 32000, {"movflags": "faststart"}), 500),
    "ogg opus": (lambda d: by_av(d, 8000, "ogg", "libopus", {}, 32000), 1100),
    "ogg vorbis": (lambda d: by_soundfile(d, 8000, "OGG", "VORBIS"), 1100),
    "webm": (lambda d: by_av(d, 8000, "webm", "libopus", {}, 32000), 500),
}  # fmt: skip


def noisy(seconds: int) -> np.ndarray:
    """Tones with noise: codecs give it an even bit rate, so that bytes stand for time."""
    rng = np.random.default_rng(3)
    return tones(8000, 2, 8000 * seconds) + rng.normal(0, 0.05, (2, 8000 * seconds)).astype("f4")


@pytest.mark.parametrize("case", CUT)
def test_cut_off(tmp_path, case):
    make, slack = CUT[case]
    whole = make(noisy(6))
    assert survey(saved(tmp_path, "whole.bin", whole), OPTIONS).notices == ()
    path = saved(tmp_path, "call.bin", whole[: len(whole) * 2 // 3])
    look = survey(path, OPTIONS)
    assert abs(look.recording.duration - 4000) <= slack
    assert codes(look.notices) == {"truncated"}
    if "ogg" in case:
        assert "how much is lost is not known" in notice(look, "truncated")
    else:
        promised = "6.1 s" if case == "wav ima" else "6.0 s"  # with the last block's padding
        assert f"promises {promised}" in notice(look, "truncated")
        lost = (6000 - look.recording.duration) / 60
        assert abs(float(notice(look, "truncated").split("(")[1].split(" %")[0]) - lost) < 2
    assert abs(total_ms(path) - look.recording.duration) <= 20


def test_cut_amr_is_read(tmp_path):
    whole = by_av(tones(8000, 1, 16000), 8000, "amr", "libopencore_amrnb", {}, 12200)
    look = survey(saved(tmp_path, "a.amr", whole[: len(whole) // 2 + 7]), OPTIONS)
    assert abs(look.recording.duration - 1000) <= 40


def damaged(data: bytes, start: float, share: float) -> bytes:
    first, last = int(len(data) * start), int(len(data) * (start + share))
    return data[:first] + np.random.default_rng(9).bytes(last - first) + data[last:]


INSIDE = {
    "mp3": lambda d: by_av(d, 16000, "mp3", "libmp3lame", {}, 64000),
    "flac": lambda d: by_soundfile(d, 16000, "FLAC", "PCM_16"),
    "webm": lambda d: by_av(d, 16000, "webm", "libopus", {}, 32000),
    "ogg": lambda d: by_av(d, 16000, "ogg", "libopus", {}, 32000),
    "m4a": lambda d: by_av(d, 16000, "ipod", "aac", {}, 64000, {"movflags": "faststart"}),
    "amr": lambda d: by_av(d[:, ::2], 8000, "amr", "libopencore_amrnb", {}, 12200),
}


@pytest.mark.parametrize("case", INSIDE)
def test_a_damaged_middle_does_not_cost_the_end(tmp_path, case):
    """The last second is still there, at its place: the tone begins where it began."""
    rate, seconds = 16000, 6
    rng = np.random.default_rng(4)
    data = rng.normal(0, 0.02, (1, rate * seconds)).astype(np.float32)
    data[:, -rate:] += tones(rate, 1, rate)
    whole = INSIDE[case](data)
    path = saved(tmp_path, "call.bin", damaged(whole, 0.45, 0.05))
    look = survey(path, OPTIONS)
    # AMR has no marks to find the way back: some of the garbage is taken for sound.
    assert abs(look.recording.duration - 6000) <= (400 if case == "amr" else 80)
    samples = np.concatenate([b.samples[0] for b in read_blocks(path, OPTIONS, [0])])
    end = samples[-rate * 3 // 4 :]
    assert heard_hz(end, rate) == pytest.approx(tone_hz(0), abs=6)
    assert codes(look.notices) <= {"gaps_filled", "corrupt_frames"}
    assert look.notices


def test_corrupt_tail(tmp_path):
    whole = by_av(tones(16000, 1, 96000), 16000, "flac", "flac")
    path = saved(tmp_path, "call.flac", damaged(whole, 0.5, 0.5))
    look = survey(path, OPTIONS)
    assert abs(look.recording.duration - 3000) <= 600
    assert "corrupt_tail" in codes(look.notices)
    assert "of 6.0 s" in notice(look, "corrupt_tail")
    assert abs(total_ms(path) - look.recording.duration) <= 20


def test_nan_and_infinite_samples(tmp_path):
    data = tones(8000, 2, 8000)
    data[0, 100:110], data[1, 7], data[1, 9] = np.nan, np.inf, -np.inf
    target = io.BytesIO()
    soundfile.write(target, data.T, 8000, format="WAV", subtype="FLOAT")
    path = saved(tmp_path, "call.wav", target.getvalue())
    look = survey(path, OPTIONS)
    assert codes(look.notices) == {"nan_samples"}
    assert "12 samples" in notice(look, "nan_samples")
    assert -16 < look.levels[0].rms_db < -12
    (block,) = read_blocks(path, AudioOptions(rate=8000), [0, 1])
    assert np.isfinite(block.samples).all() and not block.samples[0, 100:110].any()


def test_absurdly_loud_floats(tmp_path):
    data = tones(8000, 1, 8000)
    data[0, 50:60] = 1e30
    path = saved(tmp_path, "call.wav", by_soundfile(data, 8000, "WAV", "DOUBLE"))
    look = survey(path, OPTIONS)
    assert look.levels[0].peak_db < 15 and "clipping" in codes(look.notices)
