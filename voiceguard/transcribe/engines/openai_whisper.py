"""Whisper as its authors publish it, in batches of windows from any channel and call.

The model is openai-whisper's; the computing is VoiceGuard's (``transcribe.network``). The encoder
runs once a window; its output feeds decoding, temperature fallback and word times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceguard.domain import Engine, Window, Word
from voiceguard.errors import ModelError
from voiceguard.transcribe.engines.alignment import align
from voiceguard.transcribe.engines.confidence import confidence_of
from voiceguard.transcribe.engines.encoding import habits_of, log_mels
from voiceguard.transcribe.engines.lookahead import alike
from voiceguard.transcribe.engines.segments import segments
from voiceguard.transcribe.engines.words import segment_words, token_words
from voiceguard.transcribe.models import official
from voiceguard.transcribe.network.precision import choose
from voiceguard.transcribe.options import TranscribeOptions

if TYPE_CHECKING:
    from voiceguard.transcribe.network.decoder import Memory
    from voiceguard.transcribe.network.decoding import Decoded


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text with what tells whether it is right."""

    decoded: Decoded
    compression: float


class OpenAIWhisper:
    """The reference implementation of the Transcriber seam. Results come in the order of windows.

    Raises:
        ModelError: the checkpoint is damaged or of another format.
        UsageError: the device can't compute in the precision asked for.
    """

    def __init__(self, checkpoint: Path, options: TranscribeOptions) -> None:
        import torch
        from whisper.tokenizer import get_tokenizer

        from voiceguard.transcribe.network.decoder import Decoder
        from voiceguard.transcribe.network.decoding import Plan
        from voiceguard.transcribe.network.encoder import Encoder

        self._options = options
        wanted = options.device
        cuda = torch.cuda.is_available()
        self._device = ("cuda" if cuda else "cpu") if wanted == "auto" else wanted
        model, self._sha256 = _load(checkpoint, self._device)
        self._habits = habits_of(checkpoint)
        self._confidence = confidence_of(checkpoint, self._sha256)
        self._name = checkpoint.stem
        self._tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages,
            language=options.language, task="transcribe",
        )
        self._precision = choose(options.precision, self._device, model.dims.n_audio_state)
        encoder, decoder = self._precision.types()
        with torch.no_grad():
            self._encoder = Encoder(model.encoder, encoder)
            self._decoder = Decoder(model.decoder, decoder)
        self._plan = Plan.of(model, self._decoding(model.dims.n_text_ctx))
        self._bands = model.dims.n_mels
        self._heads = [(int(a), int(b)) for a, b in model.alignment_heads.indices().T]

    @property
    def engine(self) -> Engine:
        import whisper

        options = (*self._options.record(), ("confidence", str(self._confidence)),
                   ("device", self._device),
                   ("precision", str(self._precision)))
        return Engine("openai-whisper", whisper.__version__, self._name, self._sha256,
                      self._options.language, tuple(sorted(options)))

    @property
    def longest(self) -> int:
        return self._habits.longest

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        return alike(windows, self._options.batch_size, self._batch)

    def _decoding(self, context: int) -> Any:
        """What ``whisper.decode`` would be told."""
        from whisper.decoding import DecodingOptions

        o = self._options
        return DecodingOptions(
            language=o.language, fp16=False,
            # Chinese needs up to three tokens a character: half the context, Whisper's default,
            # cuts off fast talkers.
            sample_len=context - 64 if not o.hints else None,
            prompt="，".join(o.hints) + "。" if o.hints else None,
            # Whisper counts this limit in shares of 30 s, which a shorter window is not.
            max_initial_timestamp=1.0 if self._habits.padded else None,
        )

    def _batch(self, batch: list[Window]) -> list[tuple[Word, ...]]:
        import torch

        with torch.inference_mode():
            mels = log_mels(batch, self._habits, self._bands)
            memory = self._decoder.remember(self._encoder(mels))
            decoded = self._decode(batch, memory)
            spoken = [segments(r.tokens, self._tokenizer, w.duration)
                      for r, w in zip(decoded, batch, strict=True)]
            if self._options.word_times == "none":
                return [segment_words(w, s) for w, s in zip(batch, spoken, strict=True)]
            times = align(self._decoder, self._tokenizer, self._heads, memory,
                          [[t for s in window for t in s.tokens] for window in spoken],
                          [w.duration for w in batch])
        return [token_words(self._tokenizer, w, t, self._confidence)
                for w, t in zip(batch, times, strict=True)]

    def _decode(self, batch: list[Window], memory: Memory) -> list[Decoded]:
        """Greedy (or beam) first; windows that look wrong again, hotter, each with its own seed."""
        results: dict[int, _Reading] = {}
        todo = list(range(len(batch)))
        for temperature in self._options.temperatures:
            seeds = [_seed(batch[i].id, self._options.seed, temperature) for i in todo]
            part = memory if len(todo) == len(batch) else memory.pick(todo)
            fresh = self._decode_at(part, temperature, seeds)
            results.update(zip(todo, map(self._read, fresh), strict=True))
            todo = [i for i in todo if self._looks_wrong(results[i])]
            if not todo or not self._habits.fallback:
                break
        return [self._unless_silent(results[i].decoded) for i in range(len(batch))]

    def _decode_at(self, memory: Memory, temperature: float, seeds: list[int]) -> list[Decoded]:
        from voiceguard.transcribe.network.beams import search
        from voiceguard.transcribe.network.decoding import decode, drawn, likeliest

        if temperature:
            return decode(self._decoder, self._plan, memory, drawn(temperature, seeds))
        if self._options.beam_size > 1:
            return search(self._decoder, self._plan, memory, self._options.beam_size)
        return decode(self._decoder, self._plan, memory, likeliest)

    def _read(self, decoded: Decoded) -> _Reading:
        from whisper.utils import compression_ratio

        text = self._tokenizer.decode(decoded.tokens).strip()
        return _Reading(decoded, compression_ratio(text))

    def _looks_wrong(self, r: _Reading) -> bool:
        o = self._options
        if r.decoded.no_speech > o.no_speech_limit:
            return False
        return r.compression > o.compression_limit or r.decoded.mean_logprob < o.logprob_limit

    def _unless_silent(self, r: Decoded) -> Decoded:
        from dataclasses import replace

        o = self._options
        if r.no_speech > o.no_speech_limit and r.mean_logprob < o.logprob_limit:
            return replace(r, tokens=())
        return r


def _seed(window: str, seed: int, temperature: float) -> int:
    digest = hashlib.blake2b(f"{window}|{seed}|{temperature:g}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big")


def _load(checkpoint: Path, device: str) -> tuple[Any, str]:
    """The model and the hash of its file. Weights only: a model file can't run code."""
    import pickle

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
    return model.eval(), digest.hexdigest()
