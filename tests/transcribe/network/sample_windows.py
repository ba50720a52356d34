"""Windows of a sample call, cut where its truth says somebody speaks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from voiceguard.audio import AudioOptions, read_blocks
from voiceguard.domain import Piece, Span, Window

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
LONGEST = 4_400


def sample_windows(count: int, name: str = "01-agency-hired") -> list[Window]:
    """The first windows of both channels, of several lengths."""
    blocks = read_blocks(str(SAMPLES / f"calls/{name}.wav"), AudioOptions(), [0, 1])
    sound = np.concatenate([block.samples for block in blocks], axis=1)
    truth = json.loads((SAMPLES / f"truth/{name}.json").read_text(encoding="utf-8"))
    out: list[Window] = []
    for turn in truth["turns"]:
        start, end = (round(turn[k] * 1000) for k in ("start", "end"))
        for at in range(start, end, LONGEST):
            span = Span(at, min(at + LONGEST, end))
            samples = sound[turn["channel"], span.start * 16 : span.end * 16]
            if span.duration >= 500 and len(samples) == span.duration * 16:
                out.append(Window(f"c:{turn['channel']}:{len(out)}", turn["channel"],
                                  (Piece(span, 0),), samples))
    assert len(out) >= count
    return out[:count]
