"""Blocks: any size joined is one big read; no clicks; clips and copies are what they say."""

from __future__ import annotations

import io
import tracemalloc

import librosa
import numpy as np
import pytest
import soundfile
from audio_making import by_av, by_soundfile, heard_hz, saved, tone_hz, tones
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguard.audio import AudioOptions, clip, playable, read_blocks
from voiceguard.domain import Span
from voiceguard.errors import AudioError


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Noise and tones, two channels, 0.9 s, at several rates and in a block codec and a stream."""
    folder = tmp_path_factory.mktemp("calls")
    rng = np.random.default_rng(11)
    made = {}
    for rate in (8000, 11025, 44100):
        data = tones(rate, 2, rate * 9 // 10) + rng.normal(0, 0.1, (2, rate * 9 // 10))
        made[rate] = saved(folder, f"{rate}.wav", by_soundfile(data, rate, "WAV", "PCM_16"))
    data = tones(16000, 2, 14400)
    made["mp3"] = saved(folder, "a.mp3", by_av(data, 16000, "mp3", "libmp3lame", {}, 64000))
    made["gsm"] = saved(folder, "a.gsm", by_soundfile(tones(8000, 1, 7200), 8000, "WAV", "GSM610"))
    return made


def joined(path: str, options: AudioOptions, channels=(0,)) -> np.ndarray:
    return np.concatenate([b.samples for b in read_blocks(path, options, channels)], axis=1)


@settings(max_examples=60, deadline=None)
@given(
    which=st.sampled_from([8000, 11025, 44100, "mp3", "gsm"]),
    block_ms=st.integers(1, 1200),
    rate=st.sampled_from([8000, 16000, 22050]),
)
def test_blocks_of_any_size_are_one_big_read(recordings, which, block_ms, rate):
    path = recordings[which]
    whole = list(read_blocks(path, AudioOptions(rate=rate, block_ms=100_000), [0]))
    assert len(whole) == 1 and whole[0].start == 0
    blocks = list(read_blocks(path, AudioOptions(rate=rate, block_ms=block_ms), [0]))
    sizes = [block.samples.shape[1] for block in blocks]
    assert set(sizes[:-1]) <= {max(1, rate * block_ms // 1000)} and 0 < sizes[-1] <= max(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    assert [block.start for block in blocks] == [round(at * 1000 / rate) for at in starts]
    assert np.array_equal(np.concatenate([b.samples for b in blocks], axis=1), whole[0].samples)


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
@pytest.mark.parametrize("target", [8000, 16000, 48000])
def test_streaming_equals_librosa_on_the_whole(recordings, monkeypatch, rate, target):
    """Pieces of 997 samples, so that the stream has many edges."""
    monkeypatch.setattr("voiceguard.audio.decode.sndfile.CHUNK", 997)
    ours = joined(recordings[rate], AudioOptions(rate=target), (0, 1))
    data, _ = soundfile.read(recordings[rate], dtype="float32", always_2d=True)
    theirs = librosa.resample(data.T, orig_sr=rate, target_sr=target, res_type="soxr_hq")
    assert abs(ours.shape[1] - theirs.shape[1]) <= 1
    size = min(ours.shape[1], theirs.shape[1])
    assert np.max(np.abs(ours[:, :size] - theirs[:, :size])) < 1e-5


def test_no_clicks_at_block_edges(tmp_path):
    """A pure tone has no energy elsewhere, unless an edge breaks it."""
    path = saved(tmp_path, "a.wav", by_soundfile(tones(8000, 1, 24000), 8000, "WAV", "FLOAT"))
    samples = joined(path, AudioOptions(block_ms=37))[0, 4000:-4000]
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / 16000)
    outside = spectrum[np.abs(hz - tone_hz(0)) > 30].sum()
    assert 10 * np.log10(outside / spectrum.sum()) < -80


def test_no_channels_no_blocks(recordings):
    assert list(read_blocks(recordings[8000], AudioOptions(), [])) == []


@pytest.mark.parametrize("which", [8000, 44100, "mp3", "gsm"])
def test_clip_is_the_same_stretch_as_in_the_blocks(recordings, which):
    options = AudioOptions()
    whole = joined(recordings[which], options)[0]
    for span in (Span(0, 200), Span(313, 555), Span(700, 5000)):
        cut = clip(recordings[which], options, span, 0)
        expected = whole[span.start * 16 : span.end * 16]
        assert cut.dtype == np.float32 and abs(len(cut) - len(expected)) <= 1
        size = min(len(cut), len(expected)) - 40  # the file's own end rings differently
        assert np.max(np.abs(cut[:size] - expected[:size])) < 2e-3
    assert len(clip(recordings[which], options, Span(90_000, 91_000), 0)) == 0
    assert len(clip(recordings[which], options, Span(100, 100), 0)) == 0


def test_clip_takes_the_channel_asked_for(recordings):
    for channel in (0, 1):
        cut = clip(recordings[8000], AudioOptions(), Span(200, 700), channel)
        assert heard_hz(cut, 16000) == pytest.approx(tone_hz(channel), abs=5)


def test_playable_copy(tmp_path):
    data = tones(8000, 2, 8000 * 6)
    path = saved(tmp_path, "a.wav", by_soundfile(data, 8000, "WAV", "ALAW"))
    mime, copy = playable(path, AudioOptions(rate=8000), 5000)
    assert mime == "audio/mpeg"
    assert len(copy) <= 5 * 2 * 32_000 / 8
    back = saved(tmp_path, "copy.mp3", copy)
    samples = joined(back, AudioOptions(), (0, 1))
    assert abs(samples.shape[1] / 16 - 5000) <= 20
    for row, other in ((0, 1), (1, 0)):
        middle = samples[row, 16000:48000]
        assert heard_hz(middle, 16000) == pytest.approx(tone_hz(row), abs=3)
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        at = [round(tone_hz(c) * len(middle) / 16000) for c in (row, other)]
        assert spectrum[at[1]] < spectrum[at[0]] / 100
    assert playable(path, AudioOptions(rate=8000), 5000) == (mime, copy)
    _, single = playable(path, AudioOptions(), 5000, [1])
    assert len(single) < 0.6 * len(copy)
    heard = joined(saved(tmp_path, "one.mp3", single), AudioOptions())
    assert heard_hz(heard[0, 16000:48000], 16000) == pytest.approx(tone_hz(1), abs=3)


def test_playable_copy_of_many_channels(tmp_path):
    path = saved(tmp_path, "a.wav", by_soundfile(tones(8000, 4, 8000), 8000, "WAV", "PCM_16"))
    _, copy = playable(path, AudioOptions(), 60_000)
    assert soundfile.info(io.BytesIO(copy)).channels == 2
    with pytest.raises(AudioError, match="one or two channels"):
        playable(path, AudioOptions(), 60_000, [0, 1, 2])


def test_memory_does_not_grow_with_the_recording(tmp_path):
    """Ten minutes would be 77 MB as floats at 16 kHz in two channels."""
    from voiceguard.audio import survey

    path = tmp_path / "long.wav"
    rng = np.random.default_rng(2)
    minute = rng.integers(0, 255, 2 * 8000 * 60, dtype=np.uint8)
    with soundfile.SoundFile(path, "w", 8000, 2, "ALAW", format="WAV") as out:
        floats = (minute.reshape(-1, 2).astype(np.float32) - 128) / 300
        for _ in range(10):
            out.write(floats)
    del floats
    tracemalloc.start()
    look = survey(str(path), AudioOptions())
    for _block in read_blocks(str(path), AudioOptions(), look.active):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert look.recording.duration == 600_000
    assert peak < 24e6
