"""The Silero VAD over a block at a time instead of a frame at a time.

The model (its package carries it) is a stack of convolutions on each 32 ms frame, then one LSTM
over the frames. Called a frame at a time, as its package does, nearly all of its time goes into
the calls. Here the convolutions see all frames of a block at once and the LSTM runs over the
block; the probabilities are the same, and a channel-second costs some thirty times less.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceguard.domain import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME = 512
_CONTEXT = 64  # samples of the frame before that each frame sees
_FRAMES = 512  # convolved together; more needs memory and gains nothing


@functools.cache
def _network() -> Any:
    """The package's model for 16 kHz: ``stft``, ``encoder``, ``decoder``."""
    import torch

    threads = torch.get_num_threads()
    from silero_vad import load_silero_vad

    torch.set_num_threads(threads)  # importing the package sets one thread for the whole process
    # The scripted model specialises itself on its first calls, which costs more than it saves here.
    torch._C._jit_set_profiling_executor(False)
    return load_silero_vad(onnx=False)._model


@functools.cache
def _memory() -> Any:
    """The model's LSTM cell as a layer over time."""
    import torch

    cell = _network().decoder.rnn
    layer = torch.nn.LSTM(cell.weight_ih.shape[1], cell.weight_hh.shape[1], batch_first=True)
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(layer, f"{name}_l0").copy_(getattr(cell, name))
    return layer.eval()


class Silero:
    """Probabilities of speech in one channel; keeps its state from block to block."""

    def __init__(self) -> None:
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state: Any = None

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """One probability for each whole frame of ``samples`` (float32, mono, 16 kHz).

        Args:
            samples: a multiple of ``FRAME`` long, going on where the last block ended.
        """
        if len(samples) % FRAME:
            raise ValueError(f"{len(samples)} samples are no whole number of frames of {FRAME}")
        blocks = [
            self._block(samples[at : at + _FRAMES * FRAME])
            for at in range(0, len(samples), _FRAMES * FRAME)
        ]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    def _block(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        net = _network()
        sound = np.concatenate([self._context, samples])
        self._context = sound[-_CONTEXT:].copy()
        frames = np.lib.stride_tricks.sliding_window_view(sound, _CONTEXT + FRAME)[::FRAME]
        with torch.inference_mode():
            features = net.encoder(net.stft(torch.from_numpy(frames.copy()))).squeeze(-1)
            hidden, self._state = _memory()(features[None], self._state)
            output: NDArray[np.float32] = (
                net.decoder.decoder(hidden[0].unsqueeze(-1)).flatten().numpy()
            )
        return output


assert RATE == 16_000, "the network above is the one for 16 kHz"
