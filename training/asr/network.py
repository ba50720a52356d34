"""A small Whisper in training clothes, and how it becomes an openai-whisper checkpoint.

Three things differ from Whisper while it learns, and are folded away by :func:`export`:

* the output layer knows only the tokens that Mandarin text can use; one shared vector stands for
  all the others, so that they stay improbable in the full vocabulary;
* the 1,501 timestamp tokens are a linear map of sines of their time, so that seeing one teaches
  its neighbours;
* windows may be shorter than 30 s.

Two linear heads on the encoder (phonemes and toned syllables, a frame at a time) exist only for
training.
"""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from whisper.model import AudioEncoder, LayerNorm, ModelDimensions, ResidualAttentionBlock
from whisper.tokenizer import Tokenizer, get_tokenizer

DIMS = ModelDimensions(
    n_mels=80, n_audio_ctx=1500, n_audio_state=256, n_audio_head=4, n_audio_layer=5,
    n_vocab=51865, n_text_ctx=448, n_text_state=256, n_text_head=4, n_text_layer=4,
)
#: Decoder layers whose cross-attention is taught where to look: the last half, which
#: openai-whisper uses for word times unless told otherwise.
GUIDED = tuple(range(DIMS.n_text_layer // 2, DIMS.n_text_layer))
_WAVES = 32


@functools.cache
def tokenizer() -> Tokenizer:
    return get_tokenizer(True, num_languages=99, language="zh", task="transcribe")


@functools.cache
def vocabulary() -> list[int]:
    """Ids of the text tokens that Mandarin needs, then the control tokens in use."""
    from training.asr.text import dictionary

    words, _ = dictionary()
    used = set()
    tok = tokenizer()
    chars = sorted({c for w in words for c in w} | set("，。？"))
    for piece in (*chars, *words):
        used.update(tok.encode(piece))
    for id_ in range(tok.eot):  # tokens of several characters that arise only within sentences
        try:
            piece = tok.encoding.decode_single_token_bytes(id_).decode("utf-8")
        except UnicodeDecodeError:
            continue
        if piece and all("\u4e00" <= c <= "\u9fff" or c in "，。？" for c in piece):
            used.add(id_)
    control = [tok.eot, tok.sot, tok.to_language_token("zh"), tok.transcribe, tok.no_speech,
               tok.no_timestamps]
    return sorted(used) + control


def _time_waves() -> Tensor:
    """(1501, 2·waves + 1): sines of each timestamp's time."""
    t = torch.arange(1501)[:, None] / 1500
    k = torch.exp(torch.linspace(0, math.log(400), _WAVES))[None]
    return torch.cat([torch.sin(2 * math.pi * k * t), torch.cos(2 * math.pi * k * t),
                      torch.ones(1501, 1)], 1)


class SmallWhisper(nn.Module):
    """See the module's docstring. Token ids outside are Whisper's own."""

    def __init__(self, n_phones: int, n_syllables: int) -> None:
        super().__init__()
        d, self.ids = DIMS.n_text_state, vocabulary()
        index = torch.full((DIMS.n_vocab,), -1)
        index[self.ids] = torch.arange(len(self.ids))
        first = tokenizer().timestamp_begin
        index[first : first + 1501] = len(self.ids) + torch.arange(1501)
        self.register_buffer("index", index, persistent=False)
        self.register_buffer("waves", _time_waves(), persistent=False)
        self.encoder = AudioEncoder(80, 1500, d, DIMS.n_audio_head, DIMS.n_audio_layer)
        self.blocks = nn.ModuleList(
            ResidualAttentionBlock(d, DIMS.n_text_head, True) for _ in range(DIMS.n_text_layer)
        )
        self.ln = LayerNorm(d)
        self.embedding = nn.Parameter(torch.randn(len(self.ids), d) * 0.04)
        self.other = nn.Parameter(torch.zeros(d))
        self.times = nn.Parameter(torch.randn(2 * _WAVES + 1, d) * 0.01)
        self.positions = nn.Parameter(torch.randn(DIMS.n_text_ctx, d) * 0.01)
        self.phones = nn.Linear(d, n_phones)
        self.syllables = nn.Linear(d, n_syllables)
        self.n_other = DIMS.n_vocab - len(self.ids) - 1501
        for block, offsets in zip(self.encoder.blocks, _LOOKS, strict=False):
            _look_nearby(block.attn, offsets)

    def table(self) -> Tensor:
        """(tokens in use + timestamps, d) embeddings."""
        return torch.cat([self.embedding, self.waves @ self.times])

    def encode(self, mel: Tensor) -> Tensor:
        """(batch, 80, frames) → (batch, frames / 2, d); frames ≤ 3000."""
        e = self.encoder
        x = F.gelu(e.conv2(F.gelu(e.conv1(mel)))).permute(0, 2, 1)
        x = x + e.positional_embedding[: x.shape[1]]
        for block in e.blocks:
            x = block(x)
        return e.ln_post(x)

    def decode(self, tokens: Tensor, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (batch, length, tokens in use + timestamps + 1) and attention of guided layers."""
        table = self.table()
        x = F.embedding(tokens, table) + self.positions[: tokens.shape[1]]
        looks = []
        for i, block in enumerate(self.blocks):
            x = x + block.attn(block.attn_ln(x), mask=True)[0]
            y, cross = block.cross_attn_ln(x), block.cross_attn
            if i in GUIDED:
                y, look = _attend(cross, y, audio)
                looks.append(look)
                x = x + y
            else:
                x = x + cross(y, audio)[0]
            x = x + block.mlp(block.mlp_ln(x))
        x = self.ln(x)
        logits = F.linear(x, torch.cat([table, self.other[None]])).float()
        logits[..., -1] += math.log(self.n_other)
        return logits, looks


#: Where the heads of the first encoder layers look at the start, in frames of 20 ms.
_LOOKS = ((-3, 3, -7, 7), (-5, 5, -12, 12), (-8, 8, -18, 18))


def _look_nearby(attention, offsets: tuple[int, ...]) -> None:  # type: ignore[no-untyped-def]
    """Start each head as one that looks ``offset`` frames away, blurred the more the farther.

    The encoder's positions are sines, so a rotation of the query against the key is a shift in
    time. Heads find this by themselves, but only after many hundred steps.
    """
    d, size = DIMS.n_audio_state, DIMS.n_audio_state // DIMS.n_audio_head
    half = d // 2
    speed = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
    with torch.no_grad():
        attention.query.weight.normal_(0, 0.02)
        attention.key.weight.normal_(0, 0.02)
        attention.query.bias.zero_()
        for head, offset in enumerate(offsets):
            first = min(int(6 * math.log(abs(offset))) , half - size // 2)
            for k in range(size // 2):
                w, row, wave = speed[first + k], head * size + 2 * k, first + k
                turn = (math.cos(w * offset), math.sin(w * offset))
                attention.key.weight[row, wave] += 1
                attention.key.weight[row + 1, half + wave] += 1
                attention.query.weight[row, wave] += turn[0]
                attention.query.weight[row, half + wave] += turn[1]
                attention.query.weight[row + 1, half + wave] += turn[0]
                attention.query.weight[row + 1, wave] -= turn[1]


def _attend(cross, x: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    """Cross-attention that also returns its weights: (batch, heads, length, frames)."""
    def heads(y: Tensor) -> Tensor:
        return y.view(*y.shape[:2], cross.n_head, -1).transpose(1, 2)

    q, k, v = heads(cross.query(x)), heads(cross.key(audio)), heads(cross.value(audio))
    weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).float().softmax(-1)
    y = (weights.to(v.dtype) @ v).transpose(1, 2).flatten(2)
    return cross.out(y), weights


def restore(model: SmallWhisper, checkpoint: dict) -> None:
    """Go on from an exported checkpoint: the inverse of :func:`export`, as far as there is one.

    The heads that exist only for training start anew. Encoder layers that the checkpoint lacks
    are added at the end and do nothing yet.
    """
    weights = {k: v.float() for k, v in checkpoint["model_state_dict"].items()}
    full = weights["decoder.token_embedding.weight"]
    first = tokenizer().timestamp_begin
    unused = int((model.index < 0).nonzero()[0])
    with torch.no_grad():
        model.embedding.copy_(full[model.ids])
        model.other.copy_(full[unused])
        model.times.copy_(torch.linalg.lstsq(model.waves, full[first : first + 1501]).solution)
        model.positions.copy_(weights["decoder.positional_embedding"])
        for block in model.encoder.blocks[checkpoint["dims"]["n_audio_layer"] :]:
            for layer in (block.attn.out, block.mlp[2]):
                layer.weight.zero_()
                layer.bias.zero_()
    for part, prefix in ((model.encoder, "encoder."), (model.blocks, "decoder.blocks."),
                         (model.ln, "decoder.ln.")):
        mine = {k[len(prefix):]: v for k, v in weights.items() if k.startswith(prefix)}
        part.load_state_dict(mine, strict=False)


def export(model: SmallWhisper, state: dict[str, Tensor], note: str) -> dict:
    """openai-whisper's checkpoint (float16) from training weights ``state``."""
    model.load_state_dict(state)
    with torch.no_grad():
        full = model.other.detach().expand(DIMS.n_vocab, -1).clone()
        used = model.index >= 0
        full[used] = model.table()[model.index[used]]
    out = {f"encoder.{k}": v for k, v in model.encoder.state_dict().items()}
    out |= {f"decoder.blocks.{k}": v for k, v in model.blocks.state_dict().items()}
    out |= {f"decoder.ln.{k}": v for k, v in model.ln.state_dict().items()}
    out["decoder.token_embedding.weight"] = full
    out["decoder.positional_embedding"] = model.positions.detach()
    # "windows" tells VoiceGuard not to pad to 30 s; openai-whisper ignores it.
    return {"dims": vars(DIMS).copy(), "note": note,
            "windows": {"longest_ms": 4_500, "padded": False, "fallback": False},
            "model_state_dict": {k: v.half().contiguous().clone() for k, v in out.items()}}
