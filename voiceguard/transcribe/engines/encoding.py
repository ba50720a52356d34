"""From samples to what the encoder takes, also for windows shorter than Whisper's 30 s.

Whisper pads every window to 30 s of silence, which on a CPU is most of the work for short speech.
A checkpoint that was trained on shorter windows says so (key ``windows``, which openai-whisper
ignores); its windows are encoded at their own length. All others are padded as Whisper expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguard.domain import RATE, Window

if TYPE_CHECKING:
    from torch import Tensor

#: Silence kept after the longest window of a checkpoint that is not padded.
_MARGIN_S = 0.3


@dataclass(frozen=True, slots=True)
class Habits:
    """How a checkpoint wants its windows.

    Attributes:
        longest: ms.
        padded: to 30 s, as Whisper was trained.
        fallback: whether its probabilities tell a wrong text, so that trying again can help.
    """

    longest: int = 28_000
    padded: bool = True
    fallback: bool = True


def habits_of(checkpoint: Path) -> Habits:
    """What the checkpoint says of itself; Whisper's own habits where it says nothing."""
    import torch

    said = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True).get("windows")
    if not isinstance(said, dict):
        return Habits()
    longest = min(max(int(said.get("longest_ms", 28_000)), 3_000), 28_000)
    return Habits(longest, bool(said.get("padded", True)), bool(said.get("fallback", True)))


def log_mels(windows: Sequence[Window], habits: Habits, bands: int) -> Tensor:
    """Whisper's input, (windows, bands, frames of 10 ms); 3000 frames where it is padded."""
    import torch
    from whisper.audio import N_SAMPLES, log_mel_spectrogram, pad_or_trim

    length = N_SAMPLES
    if not habits.padded:
        # Not by the longest here: how much silence follows a window changes what is heard in it,
        # and so a text would depend on its neighbours in the batch.
        longest = round((habits.longest / 1000 + _MARGIN_S) * RATE)
        longest = max(longest, *(len(w.samples) for w in windows))
        length = min(N_SAMPLES, -(-longest // 320) * 320)  # whole frames of the encoder
    return torch.stack(
        [log_mel_spectrogram(pad_or_trim(w.samples, length), bands) for w in windows]
    )
