"""Whisper in CTranslate2, the engine under faster-whisper, in batches of windows.

CTranslate2 is driven directly: the model is converted here from the checkpoint that openai-whisper
reads, and nothing that could ask a hub takes part. Encoding, decoding and word times of a batch are
one call each; the rules of decoding (symbols and times that are not written, when to try again) are
openai-whisper's.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceguard.domain import Engine, Window, Word
from voiceguard.errors import ModelError, UsageError
from voiceguard.transcribe.conversions import converted, text_context
from voiceguard.transcribe.engines.alignment import TokenTime
from voiceguard.transcribe.engines.confidence import confidence_of
from voiceguard.transcribe.engines.ctranslate import load, place_for
from voiceguard.transcribe.engines.encoding import habits_of, log_mels
from voiceguard.transcribe.engines.segments import segments
from voiceguard.transcribe.engines.words import segment_words, token_words
from voiceguard.transcribe.options import TranscribeOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from whisper.tokenizer import Tokenizer

_MEL_MS = 10
_FRAME_MS = 20
#: The last of Whisper's timestamps, 30 s, and the latest that may begin a text in a padded window.
_LAST_STAMP = 1500
_FIRST_STAMP = 50
#: CTranslate2 keeps the seed for the process, and reads it when a model draws for the first time.
_SEEDING = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What was heard in a window, and what speaks for it.

    Attributes:
        logprob: mean over the tokens and the end, as openai-whisper counts it.
        ratio: how well the text compresses.
    """

    tokens: tuple[int, ...]
    logprob: float
    no_speech: float
    ratio: float


class FasterWhisper:
    """The Transcriber seam over CTranslate2.

    Raises:
        UsageError: the extra is not installed, or there is no such device or language.
        ModelError: the checkpoint is damaged or of another format, or can't be converted here.
    """

    def __init__(self, checkpoint: Path, options: TranscribeOptions) -> None:
        from whisper.tokenizer import get_tokenizer

        self._options = options
        self._place = place_for(options.device)
        self._name, self._sha256 = checkpoint.stem, _sha256(checkpoint)
        self._folder = converted(checkpoint, self._sha256)
        self._model = load(self._folder, self._name, self._place)
        self._habits = habits_of(checkpoint)
        self._confidence = confidence_of(checkpoint, self._sha256)
        try:
            self._tokenizer = get_tokenizer(
                self._model.is_multilingual, num_languages=self._model.num_languages,
                language=options.language, task="transcribe",
            )
        except ValueError as error:
            raise UsageError(
                f"model {self._name} does not know the language {options.language!r}",
                "choose another --language or --model",
            ) from error
        context = text_context(self._folder)
        self._prompt = _prompt(self._tokenizer, options.hints, context)
        # Chinese needs up to three tokens a character: half the context, Whisper's default, cuts
        # off fast talkers.
        self._room = min(context - len(self._prompt),
                         context // 2 if options.hints else context - 64)

    @property
    def engine(self) -> Engine:
        import ctranslate2

        options = (*self._options.record(), ("confidence", str(self._confidence)),
                   ("device", str(self._place)),
                   ("precision", self._place.precision))
        return Engine("faster-whisper", f"ctranslate2 {ctranslate2.__version__}", self._name,
                      self._sha256, self._options.language, tuple(sorted(options)))

    @property
    def longest(self) -> int:
        return self._habits.longest

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        rest = iter(windows)
        while batch := list(islice(rest, self._options.batch_size)):
            yield from zip((w.id for w in batch), self._batch(batch), strict=True)

    def _batch(self, batch: Sequence[Window]) -> list[tuple[Word, ...]]:
        mels = log_mels(batch, self._habits, self._model.n_mels).numpy()
        features = self._model.encode(_view(mels))
        decoded = self._decode(batch, mels, features)
        spoken = [segments(d.tokens, self._tokenizer, w.duration)
                  for d, w in zip(decoded, batch, strict=True)]
        if self._options.word_times == "none":
            return [segment_words(w, s) for w, s in zip(batch, spoken, strict=True)]
        texts = [[t for s in window for t in s.tokens] for window in spoken]
        times = self._align(batch, features, texts)
        return [token_words(self._tokenizer, w, t, self._confidence)
                for w, t in zip(batch, times, strict=True)]

    def _decode(
        self, batch: Sequence[Window], mels: NDArray[np.float32], features: Any
    ) -> list[_Decoded]:
        """All at once without chance; windows that look wrong again, hotter, one by one."""
        temperatures = self._options.temperatures
        sure = temperatures[0] == 0
        results: list[_Decoded | None] = [None] * len(batch)
        if sure:
            results = [*self._generate(self._model, features, len(batch), 0.0)]
        hotter = temperatures[1:] if sure else temperatures
        out = []
        for i, (window, first) in enumerate(zip(batch, results, strict=True)):
            result = first
            if first is None or (hotter and self._habits.fallback and self._looks_wrong(first)):
                result = self._again(window, mels[i : i + 1], hotter)
            assert result is not None
            out.append(self._or_silence(result))
        return out

    def _again(
        self, window: Window, mel: NDArray[np.float32], temperatures: Sequence[float]
    ) -> _Decoded:
        """One window by chance, but by the same chance in every run.

        Each thread of CTranslate2 draws from a generator of its own, seeded when it draws for the
        first time and never again; so the window gets a model that has not drawn yet.
        """
        import ctranslate2

        with _SEEDING:
            ctranslate2.set_random_seed(_seed(window.id, self._options.seed))
            model = load(self._folder, self._name, self._place)
            for temperature in temperatures:
                (result,) = self._generate(model, _view(mel), 1, temperature)
                if not self._habits.fallback or not self._looks_wrong(result):
                    break
        return result

    def _generate(self, model: Any, features: Any, count: int, heat: float) -> list[_Decoded]:
        """Decode mels or encoder output of ``count`` windows at one temperature."""
        from whisper.utils import compression_ratio

        found = model.generate(
            features, [self._prompt] * count,
            beam_size=1 if heat else self._options.beam_size,
            sampling_topk=0 if heat else 1, sampling_temperature=heat or 1.0,
            # Counts the prompt; no more than half of it is written.
            max_length=self._room + max(self._room, len(self._prompt)),
            # Whisper counts this limit in shares of 30 s, which a shorter window is not.
            max_initial_timestamp_index=_FIRST_STAMP if self._habits.padded else _LAST_STAMP,
            return_scores=True, return_no_speech_prob=True,
        )
        out = []
        for result in found:
            tokens = tuple(result.sequences_ids[0])
            # The score is the mean without the end, whose own probability is in the sum.
            logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
            ratio = compression_ratio(self._tokenizer.decode(tokens).strip())
            out.append(_Decoded(tokens, logprob, result.no_speech_prob, ratio))
        return out

    def _align(
        self, batch: Sequence[Window], features: Any, texts: Sequence[list[int]]
    ) -> list[list[TokenTime]]:
        """Token times of each window, as ``alignment`` finds them."""
        if not any(texts):
            return [[] for _ in texts]
        # Features can't be left out of a batch: a window without text takes part with a blank.
        given = [text or self._tokenizer.encode(" ") for text in texts]
        frames = [max(2 * _FRAME_MS, w.duration) // _MEL_MS for w in batch]
        found = self._model.align(features, list(self._tokenizer.sot_sequence), given, frames)
        return [_times(text, result) for text, result in zip(texts, found, strict=True)]

    def _looks_wrong(self, d: _Decoded) -> bool:
        o = self._options
        if d.no_speech > o.no_speech_limit:
            return False
        return d.ratio > o.compression_limit or d.logprob < o.logprob_limit

    def _or_silence(self, d: _Decoded) -> _Decoded:
        o = self._options
        silent = d.no_speech > o.no_speech_limit and d.logprob < o.logprob_limit
        return replace(d, tokens=()) if silent else d


def _prompt(tokenizer: Tokenizer, hints: Sequence[str], context: int) -> list[int]:
    """Tokens before the text, cut and joined as openai-whisper does."""
    if not hints:
        return list(tokenizer.sot_sequence)
    said = tokenizer.encode(" " + "，".join(hints) + "。")[-(context // 2 - 1) :]
    return [tokenizer.sot_prev, *said, *tokenizer.sot_sequence]


def _times(tokens: Sequence[int], result: Any) -> list[TokenTime]:
    """The first frame of each token; a token ends where the next, or the end of text, begins."""
    begins: list[int] = []
    for token, frame in result.alignments:
        if token == len(begins):
            begins.append(frame * _FRAME_MS)
    chances = result.text_token_probs
    return [TokenTime(t, float(begins[k]), float(begins[k + 1]), chances[k])
            for k, t in enumerate(tokens)]


def _view(array: NDArray[np.float32]) -> Any:
    import ctranslate2
    import numpy as np

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))


def _seed(window: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{window}|{seed}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _sha256(checkpoint: Path) -> str:
    try:
        with checkpoint.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ModelError(f"{checkpoint} can't be read ({reason})") from error
