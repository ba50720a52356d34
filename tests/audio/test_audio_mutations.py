"""Five hundred damaged files from a seeded mutator: a typed outcome each, in time, nothing else."""

from __future__ import annotations

import random
import time
from collections import Counter

import numpy as np
import pytest
from audio_making import by_av, by_soundfile, saved, tones

from voiceguard.audio import AudioOptions, Survey, read_blocks, survey
from voiceguard.errors import AudioError

CASES_PER_FORMAT = 42
SECONDS_PER_CASE = 5.0
LONGEST_MS = 90_000


def _signal(rate: int, channels: int) -> np.ndarray:
    rng = np.random.default_rng(rate + channels)
    noise = rng.normal(0, 0.02, (channels, rate * 6 // 10))
    return tones(rate, channels, rate * 6 // 10) + noise.astype(np.float32)


BASES = {
    "wav-pcm": lambda: by_soundfile(_signal(8000, 2), 8000, "WAV", "PCM_16"),
    "wav-alaw": lambda: by_soundfile(_signal(8000, 2), 8000, "WAVEX", "ALAW"),
    "wav-gsm": lambda: by_soundfile(_signal(8000, 1), 8000, "WAV", "GSM610"),
    "wav-ima": lambda: by_soundfile(_signal(8000, 2), 8000, "WAV", "IMA_ADPCM"),
    "rf64": lambda: by_soundfile(_signal(8000, 1), 8000, "RF64", "FLOAT"),
    "flac": lambda: by_soundfile(_signal(16000, 2), 16000, "FLAC", "PCM_16"),
    "aiff": lambda: by_soundfile(_signal(8000, 2), 8000, "AIFF", "PCM_16"),
    "mp3": lambda: by_av(_signal(16000, 2), 16000, "mp3", "libmp3lame", {}, 48000),
    "m4a": lambda: by_av(_signal(16000, 2), 16000, "ipod", "aac", {}, 48000),
    "ogg-opus": lambda: by_av(  # short pages: one damaged bit costs a whole page
        _signal(16000, 2), 16000, "ogg", "libopus", {}, 32000, {"page_duration": "60000"}
    ),
    "amr": lambda: by_av(_signal(8000, 1), 8000, "amr", "libopencore_amrnb", {}, 12200),
    "webm": lambda: by_av(_signal(16000, 1), 16000, "webm", "libopus", {}, 32000),
}


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to four faults as they come from disks, networks and people."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not out:
            break
        # Half of the faults go into the first 200 bytes, where the headers are.
        at = rng.randrange(min(len(out), 200) if rng.random() < 0.5 else len(out))
        size = rng.choice((1, 2, 4, 16, 200, 2000))
        match rng.randrange(8):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at : at + size] = rng.randbytes(min(size, len(out) - at))
            case 2:
                out[at : at + size] = bytes(min(size, len(out) - at))
            case 3:
                del out[at : at + size]
            case 4:
                out[at:at] = rng.randbytes(size)
            case 5:
                del out[at:]
            case 6:  # a number that is larger, or smaller, than any should be
                out[at : at + 4] = rng.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
            case 7:
                out[at:at] = out[at : at + size]
    return bytes(out)


@pytest.mark.parametrize("base", BASES)
def test_damaged_files_end_typed_and_in_time(tmp_path, base):
    content = BASES[base]()
    rng = random.Random(f"voiceguard {base}")
    outcomes: Counter[str] = Counter()
    options = AudioOptions()
    for case in range(CASES_PER_FORMAT):
        path = saved(tmp_path, "call.bin", mutate(content, rng))
        began = time.perf_counter()
        try:
            look = survey(path, options)
        except AudioError as error:
            assert str(error).startswith(path) and "\n" not in str(error), case
            outcomes["refused"] += 1
            with pytest.raises(AudioError):
                list(read_blocks(path, options, [0]))
        else:
            outcomes["read"] += 1
            _consistent(look, path, options)
        assert time.perf_counter() - began < SECONDS_PER_CASE, case
    assert sum(outcomes.values()) == CASES_PER_FORMAT
    # What can be read is read. An MP4 whose parts moved has no index that could be believed.
    assert outcomes["read"] >= {"m4a": 4, "ogg-opus": 6}.get(base, CASES_PER_FORMAT // 3)


def _consistent(look: Survey, path: str, options: AudioOptions) -> None:
    recording = look.recording
    assert 0 <= recording.duration <= LONGEST_MS
    assert 1 <= recording.channels <= 8 and 1000 <= recording.sample_rate <= 192_000
    assert len(look.levels) == len(look.peaks) == recording.channels
    assert all(np.isfinite(level.rms_db) and level.peak_db < 15 for level in look.levels)
    position = 0
    for block in read_blocks(path, options, look.active):
        assert block.start == round(position * 1000 / options.rate)
        assert np.isfinite(block.samples).all()
        position += block.samples.shape[1]
    if look.active:
        assert abs(position * 1000 / options.rate - recording.duration) <= 20


def test_there_are_five_hundred():
    assert len(BASES) >= 8 and len(BASES) * CASES_PER_FORMAT >= 500
