"""Every coding × rate × channels: the length is right and no channel is swapped or mixed."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from audio_making import by_av, by_soundfile, heard_hz, saved, tone_hz, tones

from voiceguard.audio import AudioOptions, RawFormat, read_blocks, survey

WAV_CODINGS = {
    "PCM_U8": "pcm_u8", "PCM_16": "pcm_s16le", "PCM_24": "pcm_s24le", "PCM_32": "pcm_s32le",
    "FLOAT": "pcm_f32le", "DOUBLE": "pcm_f64le", "ALAW": "alaw", "ULAW": "mulaw",
}  # fmt: skip
SIZES = [(8000, 1), (8000, 2), (11025, 3), (16000, 6), (44100, 2), (48000, 8)]

# container, libsndfile's subtype, rate, channels, codec reported
SOUNDFILE = [
    *(("WAV", sub, rate, n, codec) for sub, codec in WAV_CODINGS.items() for rate, n in SIZES),
    *(("WAVEX", "PCM_16", rate, n, "pcm_s16le") for rate, n in [(8000, 2), (48000, 6), (32000, 1)]),
    *(("WAVEX", "ALAW", rate, n, "alaw") for rate, n in [(8000, 2), (8000, 4)]),
    ("WAVEX", "FLOAT", 16000, 2, "pcm_f32le"),
    ("WAV", "GSM610", 8000, 1, "gsm"),
    ("WAV", "GSM610", 16000, 1, "gsm"),
    *(("WAV", "IMA_ADPCM", rate, n, "adpcm_ima_wav") for rate in (8000, 16000) for n in (1, 2)),
    *(("WAV", "MS_ADPCM", 8000, n, "adpcm_ms") for n in (1, 2)),
    *(("RF64", "PCM_16", rate, n, "pcm_s16le") for rate, n in [(8000, 2), (96000, 1), (1000, 1)]),
    ("RF64", "ULAW", 8000, 2, "mulaw"),
    *(("W64", "PCM_16", rate, n, "pcm_s16le") for rate, n in [(8000, 2), (44100, 5)]),
    ("W64", "ALAW", 8000, 1, "alaw"),
    *(("AIFF", "PCM_16", rate, n, "pcm_s16be") for rate, n in [(8000, 2), (22050, 1)]),
    ("AIFF", "PCM_24", 48000, 2, "pcm_s24be"),
    *(("AU", "ULAW", 8000, n, "mulaw") for n in (1, 2)),
    ("AU", "PCM_16", 16000, 2, "pcm_s16be"),
    ("CAF", "ALAW", 8000, 2, "alaw"),
    ("NIST", "PCM_16", 16000, 2, "pcm_s16le"),
    *(("FLAC", "PCM_16", rate, n, "flac") for rate, n in [(8000, 1), (8000, 2), (16000, 8)]),
    ("FLAC", "PCM_24", 192000, 2, "flac"),
    *(("OGG", "VORBIS", rate, n, "vorbis") for rate, n in [(8000, 1), (16000, 2), (44100, 2)]),
    *(("OGG", "OPUS", rate, n, "opus") for rate, n in [(8000, 1), (16000, 2), (48000, 2)]),
]  # fmt: skip

# container, encoder, options, bit rate, rate, channels, codec reported
AV = [
    *(("mp3", "libmp3lame", {}, 64000, rate, n, "mp3")
      for rate in (8000, 16000, 22050, 44100) for n in (1, 2)),
    *(("mp3", "libmp3lame", {"q": "5", "abr": "0"}, None, rate, n, "mp3")
      for rate, n in [(8000, 1), (16000, 2), (32000, 1), (48000, 2)]),
    *(("ipod", "aac", {}, 64000, rate, n, "aac")
      for rate in (8000, 16000, 44100) for n in (1, 2)),
    *(("mp4", "aac", {}, 64000, rate, 2, "aac") for rate in (24000, 48000)),
    *(("ogg", "libopus", {}, 48000, rate, n, "opus")
      for rate in (8000, 16000, 48000) for n in (1, 2)),
    *(("webm", "libopus", {}, 48000, rate, n, "opus") for rate, n in [(16000, 1), (48000, 2)]),
    ("matroska", "pcm_s16le", {}, None, 8000, 2, "pcm_s16le"),
    ("matroska", "flac", {}, None, 16000, 2, "flac"),
    ("avi", "pcm_alaw", {}, None, 8000, 2, "alaw"),
    ("amr", "libopencore_amrnb", {}, 12200, 8000, 1, "amr_nb"),
    ("amr", "libopencore_amrnb", {}, 4750, 8000, 1, "amr_nb"),
    ("3gp", "libopencore_amrnb", {}, 12200, 8000, 1, "amr_nb"),
]  # fmt: skip

RAW = ["pcm_s8", "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
       "pcm_f32le", "pcm_f64be", "alaw", "mulaw", "vox"]  # fmt: skip


def check(path: str, options: AudioOptions, rate: int, channels: int, ms: float, codec: str):
    look = survey(path, options)
    assert look.recording.codec == codec
    assert look.recording.channels == channels
    assert abs(look.recording.duration - ms) <= 20
    assert look.active == tuple(range(channels))
    assert look.mono_like == (channels == 1)
    assert look.notices == ()
    wanted = list(range(channels))[::-1]  # also that the order asked for is kept
    blocks = list(read_blocks(path, options, wanted))
    samples = np.concatenate([block.samples for block in blocks], axis=1)
    assert samples.dtype == np.float32
    assert abs(samples.shape[1] * 1000 / options.rate - ms) <= 20
    middle = samples[:, samples.shape[1] // 4 : samples.shape[1] * 3 // 4]
    for row, channel in enumerate(wanted):
        assert heard_hz(middle[row], options.rate) == pytest.approx(tone_hz(channel), abs=6)
        # A tenth of the neighbour's level would be a mixture, not a coding artefact.
        others = [tone_hz(other) for other in wanted if other != channel]
        own = strength(middle[row], options.rate, tone_hz(channel))
        assert all(strength(middle[row], options.rate, hz) < own / 10 for hz in others)


def strength(samples: np.ndarray, rate: int, hz: float) -> float:
    window = np.hanning(len(samples))
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / rate)
    return float(abs(np.sum(samples * window * wave)))


@pytest.mark.parametrize(("container", "subtype", "rate", "channels", "codec"), SOUNDFILE)
def test_soundfile_codings(tmp_path, container, subtype, rate, channels, codec):
    # Block codecs pad their last block, and libsndfile's own header does not say by how much.
    block = {"IMA_ADPCM": 505 if rate < 11025 else 1017, "MS_ADPCM": 500}.get(subtype, 1)
    frames = -(-int(rate * 0.503) // block) * block
    data = tones(rate, channels, frames, 0.3)
    path = saved(tmp_path, "call.bin", by_soundfile(data, rate, container, subtype))
    options = AudioOptions(rate=8000 if rate < 16000 else 16000, block_ms=170)
    check(path, options, rate, channels, frames * 1000 / rate, codec)
    if codec != "opus":
        assert survey(path, options).recording.sample_rate == rate


@pytest.mark.parametrize(
    ("container", "encoder", "extra", "bit_rate", "rate", "channels", "codec"), AV
)
def test_av_codings(tmp_path, container, encoder, extra, bit_rate, rate, channels, codec):
    frames = int(rate * 0.56)
    extra = {"joint_stereo": "0", **extra} if encoder == "libmp3lame" else extra
    data = by_av(tones(rate, channels, frames), rate, container, encoder, extra, bit_rate)
    path = saved(tmp_path, "call.bin", data)
    check(path, AudioOptions(block_ms=170), rate, channels, frames * 1000 / rate, codec)


@pytest.mark.parametrize("encoding", RAW)
@pytest.mark.parametrize("channels", [1, 2])
def test_headerless(tmp_path, encoding, channels):
    channels = 1 if encoding == "vox" else channels
    raw = RawFormat(8000, encoding, channels)
    from voiceguard.audio.options import ENCODINGS

    subtype, endian = ENCODINGS[encoding]
    data = tones(8000, channels, 4000)
    path = saved(tmp_path, "call.raw", by_soundfile(data, 8000, "RAW", subtype, endian))
    check(path, AudioOptions(raw=raw, block_ms=90), 8000, channels, 500, encoding)


def test_there_are_a_hundred_cases():
    assert len(SOUNDFILE) + len(AV) + 2 * len(RAW) >= 100


def test_vbr_mp3_without_a_length_is_read_to_its_end(tmp_path):
    """Loud and silent stretches make the bit rate vary; without Xing the length is a guess."""
    rate = 16000
    data = tones(rate, 1, 2 * rate) * (np.arange(2 * rate) < rate // 4)
    whole = by_av(data.astype(np.float32), rate, "mp3", "libmp3lame", {"q": "2"},
                  mux_options={"write_xing": "0"})  # fmt: skip
    assert b"Xing" not in whole and b"Info" not in whole
    look = survey(saved(tmp_path, "vbr.mp3", whole), AudioOptions())
    # Without that header the encoder's delay can't be taken off: 576 + 529 and a frame's padding.
    assert 2000 <= look.recording.duration <= 2150
    assert look.notices == ()


def test_adts_aac(tmp_path):
    data = by_av(tones(16000, 2, 16 * 1024), 16000, "adts", "aac", {}, 64000)
    look = survey(saved(tmp_path, "call.aac", data), AudioOptions())
    # No header says what the encoder added: whole frames of 1024 with one for its delay.
    assert look.recording.duration in (16 * 64, 17 * 64)
    assert look.recording.codec == "aac" and look.notices == ()


def test_adpcm_padding_is_not_time(tmp_path):
    """ffmpeg's IMA blocks last a quarter of a second at 8 kHz; the fact chunk says what counts."""
    data = bytearray(by_av(tones(8000, 1, 5000), 8000, "wav", "adpcm_ima_wav"))
    fact = data.index(b"fact") + 8
    data[fact : fact + 4] = (5000).to_bytes(4, "little")
    look = survey(saved(tmp_path, "x.wav", bytes(data)), AudioOptions())
    assert look.recording.duration == 625 and look.notices == ()


def test_mp3_in_wav(tmp_path):
    """libsndfile does not read it, PyAV does; nothing tells the encoder's delay (138 ms)."""
    data = by_av(tones(8000, 2, 5000), 8000, "wav", "libmp3lame", {"joint_stereo": "0"}, 32000)
    look = survey(saved(tmp_path, "x.wav", data), AudioOptions())
    assert look.recording.codec == "mp3" and look.active == (0, 1)
    assert 625 + 138 <= look.recording.duration <= 625 + 138 + 72


def test_big_endian_riff(tmp_path):
    data = tones(8000, 2, 4000)
    riff = by_soundfile(data, 8000, "WAV", "PCM_16", "BIG")
    assert riff[:4] == b"RIFX"
    path = saved(tmp_path, "call.wav", riff)
    check(path, AudioOptions(), 8000, 2, 500, "pcm_s16be")


def test_samples_are_exact_where_nothing_is_resampled(tmp_path):
    rng = np.random.default_rng(5)
    data = rng.uniform(-0.9, 0.9, (2, 4000)).astype(np.float32)
    path = saved(tmp_path, "a.wav", by_soundfile(data, 8000, "WAV", "PCM_24"))
    (block,) = read_blocks(path, AudioOptions(rate=8000), [0, 1])
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert np.array_equal(block.samples, expected.T)
