"""What a survey says about levels, channels and the drawing."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from audio_making import by_av, by_soundfile, codes, saved, tones

from voiceguard.audio import AudioOptions, frame_db, survey
from voiceguard.audio.waveform import LIMIT, Waveform

OPTIONS = AudioOptions()


def speechlike(seconds: float, rate: int = 8000, seed: int = 0, level: float = 0.1) -> np.ndarray:
    """(n,) noise that comes and goes in syllables, with pauses."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    at = np.arange(count) / rate
    syllables = np.clip(np.sin(2 * np.pi * 4 * at + rng.uniform(0, 6)), 0, 1)
    phrases = (np.sin(2 * np.pi * 0.4 * at + rng.uniform(0, 6)) > -0.3).astype(float)
    return (level * rng.normal(0, 1, count) * syllables * phrases).astype(np.float32)


def look_at(folder, data, rate: int = 8000, subtype: str = "PCM_16", container: str = "WAV"):
    data = np.atleast_2d(data)
    return survey(saved(folder, "call.wav", by_soundfile(data, rate, container, subtype)), OPTIONS)


def test_identity(tmp_path):
    content = by_soundfile(tones(8000, 2, 8000), 8000, "WAV", "ALAW")
    look = survey(saved(tmp_path, "电话 1.wav", content), OPTIONS)
    assert look.recording.sha256 == hashlib.sha256(content).hexdigest()
    assert look.recording.path == str(tmp_path / "电话 1.wav")
    assert (look.recording.sample_rate, look.recording.duration) == (8000, 1000)
    assert survey(look.recording.path, OPTIONS) == look


def test_levels_of_known_signals(tmp_path):
    rate = 8000
    at = np.arange(rate * 4)
    sine = 0.5 * np.sin(2 * np.pi * 400 * at / rate)
    half = np.where(at < 2 * rate, 0.05, 1) * sine
    look = look_at(tmp_path, np.stack([sine, half]), subtype="FLOAT")
    full, part = look.levels
    assert full.rms_db == pytest.approx(-9.0, abs=0.1)
    assert full.peak_db == pytest.approx(-6.0, abs=0.1)
    assert full.noise_db == pytest.approx(-9, abs=0.6)
    assert part.active_db == pytest.approx(-9, abs=0.6)
    assert part.noise_db == pytest.approx(-35, abs=0.6)
    assert full.dc_offset == 0 and full.clipped_share == 0


def test_frames_against_a_slow_obvious_loop():
    rng = np.random.default_rng(1)
    samples = rng.normal(0.2, 0.1, (3, 16000 + 77)).astype(np.float32)
    samples[1, 4000:8000] = 0
    fast = frame_db(samples, 16000)
    assert fast.shape == (3, 50)
    for channel in range(3):
        for frame in range(50):
            part = samples[channel, frame * 320 : (frame + 1) * 320].astype(float)
            power = np.mean((part - part.mean()) ** 2)
            slow = max(-100.0, 10 * np.log10(power) if power else -100.0)
            assert fast[channel, frame] == pytest.approx(slow, abs=0.01)
    assert frame_db(samples[:, :100], 16000).shape == (3, 0)


def test_levels_do_not_depend_on_the_pieces(tmp_path, monkeypatch):
    data = np.stack([speechlike(3, seed=1), speechlike(3, seed=2)])
    whole = look_at(tmp_path, data)
    monkeypatch.setattr("voiceguard.audio.decode.sndfile.CHUNK", 313)
    pieces = look_at(tmp_path, data)
    assert pieces.peaks == whole.peaks
    for one, other in zip(pieces.levels, whole.levels, strict=True):
        assert one.rms_db == pytest.approx(other.rms_db, abs=0.1)
        assert one.clipped_share == other.clipped_share
        assert abs(one.noise_db - other.noise_db) <= 0.5


def test_two_parties(tmp_path):
    look = look_at(tmp_path, np.stack([speechlike(4, seed=1), speechlike(4, seed=2)]))
    assert (look.active, look.mono_like, look.notices) == ((0, 1), False, ())


def test_mono(tmp_path):
    look = look_at(tmp_path, speechlike(4))
    assert (look.active, look.mono_like, look.notices) == ((0,), True, ())


@pytest.mark.parametrize("subtype", ["PCM_16", "ALAW", "ULAW", "IMA_ADPCM"])
@pytest.mark.parametrize("gain", [1.0, 0.5, -1.0])
def test_identical_channels(tmp_path, subtype, gain):
    one = speechlike(4)
    look = look_at(tmp_path, np.stack([one, one * gain]), subtype=subtype)
    assert (look.active, look.mono_like) == ((0,), True)
    assert codes(look.notices) == {"identical_channels"}


def test_identical_channels_in_mp3(tmp_path):
    one = speechlike(4, 16000)
    content = by_av(np.stack([one, one]), 16000, "mp3", "libmp3lame", {}, 48000)
    look = survey(saved(tmp_path, "a.mp3", content), OPTIONS)
    assert (look.active, look.mono_like) == ((0,), True)


def test_two_pairs_of_four_channels(tmp_path):
    a, b = speechlike(4, seed=1), speechlike(4, seed=2)
    look = look_at(tmp_path, np.stack([a, b, a, b]))
    assert (look.active, look.mono_like) == ((0, 1), False)
    assert len(look.notices) == 2


def test_strong_bleed_is_not_the_same_channel(tmp_path):
    a, b = speechlike(4, seed=1), speechlike(4, seed=2)
    look = look_at(tmp_path, np.stack([a + 0.5 * b, b + 0.5 * a]))
    assert look.active == (0, 1)


def test_a_long_monologue_that_leaks_does_not_hide_the_other_party(tmp_path):
    """Bleed at -3 dB all the time, and one sentence of their own."""
    rng = np.random.default_rng(8)
    agent = speechlike(60, seed=1)
    other = 0.7 * agent + rng.normal(0, 1e-4, len(agent)).astype(np.float32)
    assert look_at(tmp_path, np.stack([agent, other])).active == (0,)
    other[8000 * 30 : 8000 * 31] += speechlike(1, seed=2)
    look = look_at(tmp_path, np.stack([agent, other]))
    assert (look.active, look.mono_like, look.notices) == ((0, 1), False, ())


DEAD = {
    "digital silence": lambda n: np.zeros(n),
    "a-law idle": lambda n: np.full(n, 8 / 32768),
    "dither": lambda n: np.random.default_rng(1).integers(-1, 2, n) / 32768,
    "hum": lambda n: 0.002 * np.sin(2 * np.pi * 50 * np.arange(n) / 8000),
    "line noise": lambda n: np.random.default_rng(2).normal(0, 0.001, n),
    "constant": lambda n: np.full(n, 0.2),
}


@pytest.mark.parametrize("kind", DEAD)
def test_dead_channel(tmp_path, kind):
    look = look_at(tmp_path, np.stack([DEAD[kind](32000), speechlike(4)]), subtype="PCM_16")
    assert look.active == (1,) and not look.mono_like
    assert "dead_channel" in codes(look.notices)
    assert "channel 0" in next(n.message for n in look.notices if n.code == "dead_channel")


def test_all_dead(tmp_path):
    look = look_at(tmp_path, np.zeros((2, 16000)))
    assert look.active == () and not look.mono_like
    assert codes(look.notices) == {"dead_channel"}


def test_a_short_word_in_a_long_silence_is_alive(tmp_path):
    data = np.zeros(8000 * 60, np.float32)
    data[8000 * 30 : 8000 * 30 + 1600] = speechlike(0.2, seed=3, level=0.05)
    look = look_at(tmp_path, data)
    assert look.active == (0,)


def test_clipping(tmp_path):
    loud = np.clip(speechlike(4, level=1.5), -1, 1)
    for subtype in ("PCM_16", "ALAW", "ULAW", "PCM_U8"):
        look = look_at(tmp_path, loud, subtype=subtype)
        assert "clipping" in codes(look.notices)
        assert look.levels[0].clipped_share > 0.01
    clean = look_at(tmp_path, tones(8000, 1, 32000, level=0.999))
    assert clean.levels[0].clipped_share == 0


def test_low_level(tmp_path):
    look = look_at(tmp_path, speechlike(4, level=0.003))
    assert look.active == (0,) and codes(look.notices) == {"low_level"}


def test_dc_offset(tmp_path):
    look = look_at(tmp_path, speechlike(4) + np.float32(0.15))
    assert codes(look.notices) == {"dc_offset"}
    assert look.levels[0].dc_offset == pytest.approx(0.15, abs=0.005)
    plain = look_at(tmp_path, speechlike(4))
    assert look.levels[0].rms_db == pytest.approx(plain.levels[0].rms_db, abs=0.2)


def test_peaks_draw_the_recording(tmp_path):
    rate = 8000
    data = np.zeros((2, rate * 30), np.float32)
    data[0, rate * 10 : rate * 20] = 0.5
    data[1, rate * 25 :] = 0.25
    look = look_at(tmp_path, data)
    assert len(look.peaks) == 2
    for channel, (start, end, height) in enumerate([(10, 20, 0.5), (25, 30, 0.25)]):
        row = np.array(look.peaks[channel])
        assert LIMIT // 2 <= len(row) <= LIMIT + 1
        times = np.arange(len(row)) * look.peak_ms / 1000
        inside = (times >= start) & (times < end)
        assert row[inside] == pytest.approx(height, abs=0.01)
        assert row[~inside & (np.abs(times - start) > 0.1)].max() == 0
    assert len(row) * look.peak_ms == pytest.approx(30_000, abs=look.peak_ms)


@pytest.mark.parametrize("count", [1, 7, 800, 15_999, 16_000, 16_001, 200_003])
def test_waveform_against_a_slow_obvious_loop(count):
    rng = np.random.default_rng(count)
    data = rng.normal(0, 0.1, (2, count)).astype(np.float32)
    drawing = Waveform(2, 8000)
    at = 0
    while at < count:
        size = int(rng.integers(1, 5000))
        drawing.feed(data[:, at : at + size])
        at += size
    step = round(drawing.step_ms * 8)
    for channel, row in enumerate(drawing.peaks()):
        slow = [np.abs(data[channel, i : i + step]).max() for i in range(0, count, step)]
        assert row == pytest.approx(slow, abs=1e-4)
        assert len(row) <= LIMIT + 1
