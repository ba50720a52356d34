"""A Whisper checkpoint in CTranslate2's format.

Everything comes from the checkpoint itself and from openai-whisper's tokenizer; there is no hub.
The layout of weights is that of ``ctranslate2.specs.WhisperSpec``: queries, keys and values in one
matrix where they read the same input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceguard.errors import ModelError
from voiceguard.transcribe.models import official

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.model import ModelDimensions
    from whisper.tokenizer import Tokenizer


def convert(checkpoint: Path, sha256: str, out: Path) -> None:
    """Write a checkpoint in CTranslate2's format, in the precision that it is stored in.

    Args:
        sha256: of the checkpoint's bytes, which tells whether it is an official model.
        out: a folder that is there.

    Raises:
        ModelError: the checkpoint is damaged or of another format.
        OSError: the folder can't be written.
    """
    import pickle

    import torch
    from whisper.model import ModelDimensions

    try:
        # Mapped, so that the file is not in memory twice; weights only: it can't run code.
        file = torch.load(str(checkpoint), map_location="cpu", weights_only=True, mmap=True)
        dims = ModelDimensions(**file["dims"])
        weights = file["model_state_dict"]
        _check_shapes(dims, weights)
        spec = _spec(dims, weights)
        tokenizer = _tokenizer(dims)
        spec.register_vocabulary(vocabulary(tokenizer, dims.n_vocab))
        config = spec.config
        config.suppress_ids = suppressed(tokenizer)
        config.suppress_ids_begin = [*tokenizer.encode(" "), tokenizer.eot]
        config.lang_ids = list(tokenizer.all_language_tokens)
        config.alignment_heads = alignment_heads(dims, sha256)
        config.add_attribute("n_text_ctx", dims.n_text_ctx)  # for us; CTranslate2 knows it
        spec.validate()
        halves = all(t.dtype == torch.float16 for t in weights.values())
        spec.optimize(quantization="float16" if halves else "float32")
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError, EOFError,
            pickle.UnpicklingError) as error:
        raise ModelError(
            f"{checkpoint.name} is not a usable Whisper checkpoint ({type(error).__name__})",
            "pull it again with 'voiceguard models pull', or give an openai-whisper .pt file",
        ) from error
    spec.save(str(out))


def alignment_heads(dims: ModelDimensions, sha256: str) -> list[tuple[int, int]]:
    """``(layer, head)`` of the decoder's cross-attention that tells when a word was said.

    Official models have a list of their own; for others openai-whisper takes the upper half of the
    layers.
    """
    import base64
    import gzip

    import numpy as np
    import whisper

    known = official(sha256)
    dump = whisper._ALIGNMENT_HEADS.get(known.name) if known else None
    if dump is None:
        layers = range(dims.n_text_layer // 2, dims.n_text_layer)
        return [(layer, head) for layer in layers for head in range(dims.n_text_head)]
    flags = np.frombuffer(gzip.decompress(base64.b85decode(dump)), dtype=bool)
    pairs = np.argwhere(flags.reshape(dims.n_text_layer, dims.n_text_head))
    return [(int(layer), int(head)) for layer, head in pairs]


def suppressed(tokenizer: Tokenizer) -> list[int]:
    """Tokens that openai-whisper never writes by default."""
    special = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev,
               tokenizer.sot_lm, tokenizer.no_speech)
    return sorted({*tokenizer.non_speech_tokens, *special})


def vocabulary(tokenizer: Tokenizer, size: int) -> list[str]:
    """A name for every token, bytes written as GPT-2 does; CTranslate2 looks up the special ones.

    Args:
        size: of the model's vocabulary, which is padded beyond the tokenizer's where it is larger.
    """
    encoding = tokenizer.encoding
    letters = _byte_letters()
    names = []
    for token in range(encoding.n_vocab):
        try:
            raw = encoding.decode_single_token_bytes(token)
        except KeyError:
            names.append(f"<|unused-{token}|>")
            continue
        special = encoding.is_special_token(token)
        names.append(raw.decode() if special else "".join(letters[b] for b in raw))
    if size < len(names):
        raise ValueError("vocabulary is smaller than its tokenizer's")
    return [*names, *(f"<|unused-{token}|>" for token in range(len(names), size))]


def _byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte: its own where it has one, else the next after 255."""
    shown = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1),
             *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return [chr(byte if byte in shown else next(others)) for byte in range(256)]


def _tokenizer(dims: ModelDimensions) -> Tokenizer:
    from whisper.tokenizer import get_tokenizer

    multilingual = dims.n_vocab >= 51865
    languages = dims.n_vocab - 51765 - int(multilingual)
    return get_tokenizer(multilingual, num_languages=languages)


def _check_shapes(dims: ModelDimensions, weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that do not fit the dimensions; CTranslate2 would take them at their word."""
    import torch
    from whisper.model import AudioEncoder, TextDecoder

    with torch.device("meta"):  # shapes without memory
        encoder = AudioEncoder(dims.n_mels, dims.n_audio_ctx, dims.n_audio_state,
                               dims.n_audio_head, dims.n_audio_layer)
        decoder = TextDecoder(dims.n_vocab, dims.n_text_ctx, dims.n_text_state,
                              dims.n_text_head, dims.n_text_layer)
    for part, model in (("encoder", encoder), ("decoder", decoder)):
        for name, expected in model.state_dict().items():
            if weights[f"{part}.{name}"].shape != expected.shape:
                raise ValueError(f"{part}.{name} has another shape")


def _spec(dims: ModelDimensions, weights: Mapping[str, Tensor]) -> Any:
    from ctranslate2.specs import WhisperSpec

    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    source = _Weights(weights)
    for conv in ("conv1", "conv2"):
        source.into(getattr(spec.encoder, conv), f"encoder.{conv}")
    spec.encoder.position_encodings.encodings = source["encoder.positional_embedding"]
    source.into_norm(spec.encoder.layer_norm, "encoder.ln_post")
    for i, layer in enumerate(spec.encoder.layer):
        source.into_block(layer, f"encoder.blocks.{i}")

    decoder = spec.decoder
    decoder.embeddings.weight = source["decoder.token_embedding.weight"]
    decoder.projection.weight = source["decoder.token_embedding.weight"]
    decoder.position_encodings.encodings = source["decoder.positional_embedding"]
    source.into_norm(decoder.layer_norm, "decoder.ln")
    for i, layer in enumerate(decoder.layer):
        name = f"decoder.blocks.{i}"
        source.into_block(layer, name)
        cross = layer.attention
        source.fuse(cross.linear[0], f"{name}.cross_attn", "query")
        source.fuse(cross.linear[1], f"{name}.cross_attn", "key", "value")
        source.into(cross.linear[2], f"{name}.cross_attn.out")
        source.into_norm(cross.layer_norm, f"{name}.cross_attn_ln")
    return spec


class _Weights:
    """A state dict of openai-whisper, read into parts of a CTranslate2 spec."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights

    def __getitem__(self, name: str) -> Tensor:
        return self._weights[name]

    def into(self, part: Any, name: str) -> None:
        """A linear layer or a convolution."""
        part.weight, part.bias = self[f"{name}.weight"], self[f"{name}.bias"]

    def into_norm(self, part: Any, name: str) -> None:
        part.gamma, part.beta = self[f"{name}.weight"], self[f"{name}.bias"]

    def into_block(self, layer: Any, name: str) -> None:
        """Self-attention and the two layers after it."""
        own = layer.self_attention
        self.fuse(own.linear[0], f"{name}.attn", "query", "key", "value")
        self.into(own.linear[1], f"{name}.attn.out")
        self.into_norm(own.layer_norm, f"{name}.attn_ln")
        self.into(layer.ffn.linear_0, f"{name}.mlp.0")
        self.into(layer.ffn.linear_1, f"{name}.mlp.2")
        self.into_norm(layer.ffn.layer_norm, f"{name}.mlp_ln")

    def fuse(self, part: Any, name: str, *which: str) -> None:
        """Several linear layers as one; keys have no bias in Whisper, which counts as zeros."""
        import torch

        rows = [self[f"{name}.{one}.weight"] for one in which]
        part.weight = torch.cat(rows)
        part.bias = torch.cat([
            self._weights.get(f"{name}.{one}.bias", torch.zeros(len(row), dtype=row.dtype))
            for one, row in zip(which, rows, strict=True)
        ])
