"""The Silero VAD over a block at a time instead of a frame at a time.

The model (its package carries it) is a stack of convolutions on each 32 ms frame, then one LSTM
over the frames. Called a frame at a time, as its package does, nearly all of its time goes into
the calls. Here the convolutions see all frames of a block at once and a lean loop runs the LSTM;
the probabilities are the same, and a channel-second costs some thirty times less.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceguard.domain import RATE

FRAME = 512
_WIDTH = 128  # of the LSTM's state
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


@dataclass(frozen=True, slots=True)
class _Memory:
    """The model's LSTM cell in numpy.

    A step is a product of a vector with a matrix that fits the cache: too little to share between
    threads, and torch's layer waits for its threads at every step when other work keeps them.

    Attributes:
        inputs, recurrent: (inputs or 128, 512) weights of the input, forget, cell and output gates;
            halved but for the cell's, because σ(x) = (1 + tanh(x/2)) / 2 makes one tanh of all.
        bias: (512,), likewise.
    """

    inputs: NDArray[np.float32]
    recurrent: NDArray[np.float32]
    bias: NDArray[np.float32]

    def run(
        self, features: NDArray[np.float32], state: tuple[NDArray[np.float32], NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Hidden vectors (frames, 128) of ``features`` (frames, inputs), and the state after."""
        gates = features @ self.inputs + self.bias
        hidden, cell = state
        out = np.empty((len(gates), len(hidden)), np.float32)
        i, f, c, o = (slice(k * _WIDTH, (k + 1) * _WIDTH) for k in range(4))
        for t, gate in enumerate(gates):
            gate += hidden @ self.recurrent
            np.tanh(gate, out=gate)
            opening = gate * 0.5 + 0.5
            cell = opening[f] * cell + opening[i] * gate[c]
            hidden = np.multiply(opening[o], np.tanh(cell), out=out[t])
        return out, (hidden, cell)


@functools.cache
def _memory() -> _Memory:
    cell = _network().decoder.rnn
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), _WIDTH)
    inputs, recurrent = (
        np.ascontiguousarray(w.detach().numpy().T * scale) for w in (cell.weight_ih, cell.weight_hh)
    )
    return _Memory(inputs, recurrent, (cell.bias_ih + cell.bias_hh).detach().numpy() * scale)


@contextmanager
def _one_thread() -> Iterator[None]:
    """The work is too small to share; where the cores are busy, sharing it costs ten times more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Silero:
    """Probabilities of speech in one channel; keeps its state from block to block."""

    def __init__(self) -> None:
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state = (np.zeros(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32))

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
        with torch.inference_mode(), _one_thread():
            features = net.encoder(net.stft(torch.from_numpy(frames.copy()))).squeeze(-1)
            hidden, self._state = _memory().run(features.numpy(), self._state)
            output: NDArray[np.float32] = (
                net.decoder.decoder(torch.from_numpy(hidden).unsqueeze(-1)).flatten().numpy()
            )
        return output


assert RATE == 16_000, "the network above is the one for 16 kHz"
