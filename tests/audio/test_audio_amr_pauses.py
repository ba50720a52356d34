"""AMR as handsets send it: pauses are not transmitted, and still are part of the call."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from voiceguard.audio import AudioOptions, read_blocks, survey

SPEECH = bytes([0x3C]) + bytes(31)  # a 12.2 kbit/s frame
COMFORT, NOTHING = bytes([0x44]) + bytes(5), bytes([0x7C])


def test_pauses_are_kept_as_silence_and_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "call.amr"
    frames = [SPEECH] * 50 + [COMFORT] + [NOTHING] * 99 + [SPEECH] * 50 + [NOTHING] * 50
    path.write_bytes(b"#!AMR\n" + b"".join(frames))
    look = survey(str(path), AudioOptions(rate=8000))
    assert look.recording.duration == 20 * len(frames)
    assert not {n.code for n in look.notices} & {"corrupt_tail", "corrupt_frames", "truncated"}
    blocks = list(read_blocks(str(path), AudioOptions(rate=8000), [0]))
    samples = np.concatenate([b.samples for b in blocks], axis=1)[0]
    assert len(samples) == 160 * len(frames)
    pause = samples[160 * 55 : 160 * 145]
    assert np.abs(pause).max() == 0
