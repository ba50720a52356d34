"""Those that VoiceGuard is measured against, each used as its own documentation says."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Whisper:
    """``whisper.transcribe``, one channel after another; greedy, no second tries.

    Args:
        tokens: write so many in every window, whatever is heard; None: until the text ends.
    """

    def __init__(self, checkpoint: Path, device: str = "cpu", tokens: int | None = None) -> None:
        import whisper

        self._model = whisper.load_model(str(checkpoint), device=device)
        self._half = device.startswith("cuda")
        self.tokens = tokens

    def texts(
        self, channels: Iterable[NDArray[np.float32]], *, words: bool = True,
        condition: bool = False,
    ) -> list[str]:
        """The text of each channel."""
        import sys

        import whisper

        more: dict[str, Any] = {}
        steady: Any = nullcontext()
        if self.tokens is not None:
            end = whisper.tokenizer.get_tokenizer(True).eot
            more = {"sample_len": self.tokens, "without_timestamps": True,
                    "suppress_tokens": [-1, end], "no_speech_threshold": None,
                    "logprob_threshold": None, "compression_ratio_threshold": None}
            # Random weights put the last word anywhere, and the next window would begin there.
            module = sys.modules["whisper.transcribe"]
            steady = mock.patch.object(module, "get_end", lambda segments: None)
        with steady:
            return [
                whisper.transcribe(
                    self._model, channel, language="zh", temperature=0.0, word_timestamps=words,
                    condition_on_previous_text=condition, fp16=self._half, verbose=None, **more,
                )["text"]
                for channel in channels
            ]


class Batched:
    """``faster_whisper.BatchedInferencePipeline``, one channel after another, its own VAD.

    Args:
        folder: for its copy of the model, converted by VoiceGuard.
    """

    def __init__(
        self, checkpoint: Path, folder: Path, threads: int, device: str = "cpu",
        kind: str = "float32",
    ) -> None:
        import faster_whisper
        import tokenizers

        from voiceguard.transcribe.conversions import converted

        digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        shutil.copytree(converted(checkpoint, digest), folder)
        # Without a tokenizer in the folder it would ask a hub for one.
        empty = tokenizers.Tokenizer(tokenizers.models.BPE())
        (folder / "tokenizer.json").write_text(empty.to_str(), "utf-8")
        model = faster_whisper.WhisperModel(
            str(folder), device=device, compute_type=kind, cpu_threads=threads, num_workers=1
        )
        model.hf_tokenizer = _Tokenizer()
        self._pipeline = faster_whisper.BatchedInferencePipeline(model)

    def texts(
        self, channels: Iterable[NDArray[np.float32]], *, words: bool = True, batch: int = 16,
        tokens: int | None = None, chunk: int | None = None,
    ) -> list[str]:
        """The text of each channel.

        Args:
            tokens: write so many in every window, whatever is heard; None: until the text ends.
            chunk: longest window, s.
        """
        return ["".join(s.text for s in self.segments(c, words, batch, tokens, chunk))
                for c in channels]

    def segments(
        self, channel: NDArray[np.float32], words: bool = True, batch: int = 16,
        tokens: int | None = None, chunk: int | None = None,
    ) -> list[Any]:
        """faster-whisper's own segments; with ``tokens`` there is one for every window."""
        more: dict[str, Any] = {"without_timestamps": False}
        if tokens is not None:
            # CTranslate2 writes half of the length that it is told, prompt included.
            told = 2 * tokens - _PROMPT
            more = {"max_new_tokens": told, "suppress_tokens": [-1, _end()]}
        found, _ = self._pipeline.transcribe(
            channel, language="zh", beam_size=1, temperature=0.0, word_timestamps=words,
            batch_size=batch, chunk_length=chunk, **more,
        )
        return list(found)


#: Start, language, task, no timestamps.
_PROMPT = 4


def _end() -> int:
    from whisper.tokenizer import get_tokenizer

    return int(get_tokenizer(True).eot)


class _Tokenizer:
    """openai-whisper's tokenizer as faster-whisper wants to ask it."""

    def __init__(self) -> None:
        from whisper.tokenizer import get_tokenizer

        self._encoding = get_tokenizer(True).encoding

    def token_to_id(self, token: str) -> int | None:
        try:
            return int(self._encoding.encode_single_token(token))
        except KeyError:
            return None

    def encode(self, text: str, add_special_tokens: bool = False) -> SimpleNamespace:
        return SimpleNamespace(ids=self._encoding.encode(text))

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._encoding.decode(list(tokens)))
