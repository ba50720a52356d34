"""Whisper as its authors publish it, in batches of windows from any channel and call.

The encoder runs once a window; its output feeds decoding, temperature fallback and word times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceguard.domain import Engine, Window, Word
from voiceguard.errors import ModelError
from voiceguard.transcribe.engines.alignment import align
from voiceguard.transcribe.engines.encoding import context_of, encode, habits_of
from voiceguard.transcribe.engines.segments import segments
from voiceguard.transcribe.engines.words import segment_words, token_words
from voiceguard.transcribe.models import official
from voiceguard.transcribe.options import TranscribeOptions

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.decoding import DecodingResult


class OpenAIWhisper:
    """The reference implementation of the Transcriber seam.

    Raises:
        ModelError: the checkpoint is damaged or of another format.
    """

    def __init__(self, checkpoint: Path, options: TranscribeOptions) -> None:
        import torch
        from whisper.tokenizer import get_tokenizer

        self._options = options
        wanted = options.device
        cuda = torch.cuda.is_available()
        self._device = ("cuda" if cuda else "cpu") if wanted == "auto" else wanted
        self._model, self._sha256 = _load(checkpoint, self._device)
        self._habits = habits_of(checkpoint)
        self._fp16 = self._device.startswith("cuda")
        self._name = checkpoint.stem
        self._tokenizer = get_tokenizer(
            self._model.is_multilingual, num_languages=self._model.num_languages,
            language=options.language, task="transcribe",
        )

    @property
    def engine(self) -> Engine:
        import whisper

        options = (*self._options.record(), ("device", self._device),
                   ("precision", "float16" if self._fp16 else "float32"))
        return Engine("openai-whisper", whisper.__version__, self._name, self._sha256,
                      self._options.language, tuple(sorted(options)))

    @property
    def longest(self) -> int:
        return self._habits.longest

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        rest = iter(windows)
        while batch := list(islice(rest, self._options.batch_size)):
            yield from zip((w.id for w in batch), self._batch(batch), strict=True)

    def _batch(self, batch: list[Window]) -> list[tuple[Word, ...]]:
        import torch

        with torch.inference_mode():
            dtype = torch.float16 if self._fp16 else torch.float32
            features = encode(self._model, batch, self._habits, self._device, dtype)
            decoded = self._decode(batch, features)
            spoken = [segments(r.tokens, self._tokenizer, w.duration)
                      for r, w in zip(decoded, batch, strict=True)]
            if self._options.word_times == "none":
                return [segment_words(w, s) for w, s in zip(batch, spoken, strict=True)]
            times = align(self._model, self._tokenizer, features,
                          [[t for s in window for t in s.tokens] for window in spoken],
                          [w.duration for w in batch])
        return [token_words(self._tokenizer, w, t) for w, t in zip(batch, times, strict=True)]

    def _decode(self, batch: list[Window], features: Tensor) -> list[DecodingResult]:
        """Greedy (or beam) first; windows that look wrong again, hotter, each with its own seed."""
        import torch

        results: list[Any] = [None] * len(batch)
        todo = list(range(len(batch)))
        for temperature in self._options.temperatures:
            if temperature == 0 and self._options.beam_size == 1:
                fresh = self._decode_at(features[todo], 0.0)
            elif temperature == 0:
                # Whisper's beam search takes one window at a time.
                fresh = [r for i in todo for r in self._decode_at(features[i : i + 1], 0.0)]
            else:
                fresh = []
                for i in todo:
                    torch.manual_seed(_seed(batch[i].id, self._options.seed, temperature))
                    fresh += self._decode_at(features[i : i + 1], temperature)
            for i, result in zip(todo, fresh, strict=True):
                results[i] = result
            todo = [i for i in todo if self._looks_wrong(results[i])]
            if not todo or not self._habits.fallback:
                break
        return [self._silence(r) or r for r in results]

    def _decode_at(self, features: Tensor, temperature: float) -> list[DecodingResult]:
        from whisper.decoding import DecodingOptions, decode

        o = self._options
        settings = DecodingOptions(
            language=o.language, temperature=temperature, fp16=self._fp16,
            beam_size=o.beam_size if temperature == 0 and o.beam_size > 1 else None,
            # Chinese needs up to three tokens a character: half the context, Whisper's default,
            # cuts off fast talkers.
            sample_len=self._model.dims.n_text_ctx - 64 if not o.hints else None,
            prompt="，".join(o.hints) + "。" if o.hints else None,
            # Whisper counts this limit in shares of 30 s, which a shorter window is not.
            max_initial_timestamp=1.0 if self._habits.padded else None,
        )
        with context_of(self._model, features.shape[1]):
            results: list[DecodingResult] = decode(self._model, features, settings)
        return results

    def _looks_wrong(self, r: DecodingResult) -> bool:
        if r.no_speech_prob > self._options.no_speech_limit:
            return False
        o = self._options
        return bool(r.compression_ratio > o.compression_limit or r.avg_logprob < o.logprob_limit)

    def _silence(self, r: DecodingResult) -> DecodingResult | None:
        from dataclasses import replace

        o = self._options
        if r.no_speech_prob > o.no_speech_limit and r.avg_logprob < o.logprob_limit:
            return replace(r, tokens=[], text="")
        return None


def _seed(window: str, seed: int, temperature: float) -> int:
    digest = hashlib.blake2b(f"{window}|{seed}|{temperature:g}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big")


def _load(checkpoint: Path, device: str) -> tuple[Any, str]:
    """The model and the hash of its file. Weights only: a model file can't run code."""
    import pickle

    import torch
    import whisper

    try:
        digest = hashlib.sha256()
        with checkpoint.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        model = whisper.load_model(str(checkpoint), device=device)
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError,
            pickle.UnpicklingError) as error:
        raise ModelError(
            f"{checkpoint.name} is not a usable Whisper checkpoint ({type(error).__name__})",
            "pull it again with 'voiceguard models pull', or give an openai-whisper .pt file",
        ) from error
    known = official(digest.hexdigest())
    if known is not None and known.name in whisper._ALIGNMENT_HEADS:
        # Loaded from a path, an official model does not know which heads tell the time.
        model.set_alignment_heads(whisper._ALIGNMENT_HEADS[known.name])
    model.eval()
    if device.startswith("cuda"):
        model.half()
    torch.set_grad_enabled(False)
    return model, digest.hexdigest()
