"""One pass gives what two passes gave, and levels that roll on judge as whole ones do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiceguard.audio import (
    FRAME_MS,
    AudioOptions,
    LeakWatch,
    Reading,
    frame_db,
    leaked,
    read_blocks,
    survey,
)
from voiceguard.audio.crosstalk import REMEMBERED_MS
from voiceguard.domain import RATE, Span
from voiceguard.errors import AudioError

HZ = 8000


@pytest.mark.parametrize("seconds", [0.5, 7, 59.9, 60, 61, 150])
def test_one_pass_is_a_survey_and_the_blocks(tmp_path: Path, seconds: float) -> None:
    rng = np.random.default_rng(1)
    data = rng.standard_normal((round(seconds * HZ), 2)) * 0.1
    data[:, 1] *= np.linspace(0, 2, len(data))
    path = str(tmp_path / "a.wav")
    soundfile.write(path, data, HZ, subtype="ALAW")
    options = AudioOptions()
    reading = Reading(path, options)
    got, early = [], None
    for block in reading.blocks():
        early = early or reading.survey()
        got.append(block)
    want = list(read_blocks(path, options, [0, 1]))
    assert [(b.start, b.rate) for b in got] == [(b.start, b.rate) for b in want]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(got, want, strict=True))
    assert reading.survey() == survey(path, options)
    assert early is not None
    assert min(seconds, 60) * 1000 <= early.recording.duration + 1
    assert early.recording.duration < 70_000


def test_what_is_no_recording_fails_before_the_first_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no audio")
    with pytest.raises(AudioError, match=r"a\.wav"):
        next(Reading(str(path), AudioOptions()).blocks())


def talk(seconds: int, seed: int) -> np.ndarray:
    """(2, n): the first party talks in bursts and leaks, softly and 20 ms late, into the second's
    channel; the second talks in the last of every ten seconds."""
    rng = np.random.default_rng(seed)
    gate = np.repeat(rng.random(seconds * 4) < 0.5, RATE // 4)
    gate &= (np.arange(len(gate)) // RATE % 10) < 9
    own = rng.standard_normal(len(gate)) * gate * 0.2
    other = 0.03 * np.roll(own, 320) + rng.standard_normal(len(gate)) * 1e-4
    late = (np.arange(len(gate)) // RATE % 10) == 9
    other += rng.standard_normal(len(gate)) * late * 0.2
    return np.stack([own, other]).astype(np.float32)


def test_a_leak_is_told_as_by_all_levels_at_once() -> None:
    sound = talk(60, 3)
    watch = LeakWatch(2, RATE)
    for at in range(0, sound.shape[1], 70_001):  # blocks that are no whole number of frames
        watch.feed(sound[:, at : at + 70_001])
    marks = leaked(frame_db(sound, RATE))
    for start in range(0, 59_000, 700):
        span = Span(start, start + 900)
        part = marks[1, start // FRAME_MS : (start + 900) // FRAME_MS]
        assert watch.share(1, span) == float(part.mean())
    assert marks[1].mean() > 0.2
    assert watch.share(1, Span(9_000, 9_900)) < 0.2  # the second party's own words


def test_levels_roll_on_in_a_long_recording() -> None:
    watch = LeakWatch(2, RATE)
    sound = talk(20, 3)
    minutes = REMEMBERED_MS // 60_000 + 2
    for _ in range(minutes * 3):
        watch.feed(sound)
    end = minutes * 60_000
    assert watch._frames.shape[1] == REMEMBERED_MS // FRAME_MS
    marks = leaked(frame_db(np.tile(sound, 15), RATE))
    start = end - 12_000
    back = (REMEMBERED_MS - 12_000) // FRAME_MS
    assert watch.share(1, Span(start, end)) == float(marks[1, back:].mean()) > 0.2
    assert watch.share(1, Span(0, 1000)) == 0.0  # forgotten


def test_one_channel_leaks_from_none() -> None:
    watch = LeakWatch(1, RATE)
    watch.feed(talk(2, 0)[:1])
    assert watch.share(0, Span(0, 1000)) == 0.0
