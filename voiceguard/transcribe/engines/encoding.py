"""From samples to encoder output, and decoding of windows shorter than Whisper's 30 s.

Whisper pads every window to 30 s of silence, which on a CPU is most of the work for short speech.
A checkpoint that was trained on shorter windows says so (key ``windows``, which openai-whisper
ignores); its windows are encoded at their own length. All others are padded as Whisper expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def encode(
    model: Any, windows: Sequence[Window], habits: Habits, device: str, dtype: Any
) -> Tensor:
    """Encoder output of a batch, (windows, frames of 20 ms, width)."""
    from whisper.audio import N_FRAMES

    mel = log_mels(windows, habits, model.dims.n_mels).to(device, dtype)
    return model.encoder(mel) if mel.shape[-1] == N_FRAMES else encode_short(model.encoder, mel)


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


def encode_short(encoder: Any, mel: Tensor) -> Tensor:
    """Whisper's encoder on (batch, mels, frames) of fewer than 3000 frames; an even number."""
    import torch.nn.functional as F

    x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mel)))).permute(0, 2, 1)
    x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
    for block in encoder.blocks:
        x = block(x)
    return encoder.ln_post(x)  # type: ignore[no-any-return]


@contextmanager
def context_of(model: Any, frames: int) -> Iterator[None]:
    """Let openai-whisper's decoder take features of ``frames`` frames as already encoded: it knows
    them by the length that the model's dimensions name."""
    before = model.dims.n_audio_ctx
    model.dims.n_audio_ctx = frames
    try:
        yield
    finally:
        model.dims.n_audio_ctx = before
