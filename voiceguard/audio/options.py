"""What a user may say about recordings: how headerless ones are coded, which rate to give out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voiceguard.errors import UsageError

MAX_CHANNELS = 8
MIN_RATE, MAX_RATE = 1_000, 192_000
"""Hz. Outside of these a header is damaged or hostile: resampling 1 Hz to 16 kHz would turn a
small file into gigabytes."""

ENCODINGS: dict[str, tuple[str, str]] = {
    "pcm_s8": ("PCM_S8", "FILE"),
    "pcm_u8": ("PCM_U8", "FILE"),
    "pcm_s16le": ("PCM_16", "LITTLE"),
    "pcm_s16be": ("PCM_16", "BIG"),
    "pcm_s24le": ("PCM_24", "LITTLE"),
    "pcm_s24be": ("PCM_24", "BIG"),
    "pcm_s32le": ("PCM_32", "LITTLE"),
    "pcm_s32be": ("PCM_32", "BIG"),
    "pcm_f32le": ("FLOAT", "LITTLE"),
    "pcm_f32be": ("FLOAT", "BIG"),
    "pcm_f64le": ("DOUBLE", "LITTLE"),
    "pcm_f64be": ("DOUBLE", "BIG"),
    "alaw": ("ALAW", "FILE"),
    "mulaw": ("ULAW", "FILE"),
    "gsm": ("GSM610", "FILE"),
    "vox": ("VOX_ADPCM", "FILE"),
}
"""Encoding → libsndfile's subtype and byte order."""

ALIASES = {
    "pcm": "pcm_s16le", "pcm16": "pcm_s16le", "pcm_s16": "pcm_s16le", "s16": "pcm_s16le",
    "pcm_s24": "pcm_s24le", "pcm_s32": "pcm_s32le", "pcm_f32": "pcm_f32le", "float": "pcm_f32le",
    "pcm8": "pcm_u8", "pcma": "alaw", "g711a": "alaw", "pcm_alaw": "alaw", "a-law": "alaw",
    "pcmu": "mulaw", "g711u": "mulaw", "pcm_mulaw": "mulaw", "ulaw": "mulaw", "u-law": "mulaw",
    "mu-law": "mulaw", "gsm610": "gsm", "dialogic": "vox",
    **{name.removeprefix("pcm_"): name for name in ENCODINGS if name.startswith("pcm_")},
}  # fmt: skip

_MONO_ONLY = frozenset({"gsm", "vox"})
_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How a headerless recording is coded; ``str`` gives back ``rate:encoding:channels``.

    Attributes:
        rate: Hz, 1000 to 192000.
        encoding: a key of ``ENCODINGS``.
        channels: 1 to 8; GSM and VOX are mono.

    Raises:
        UsageError: where one of them is out of range.
    """

    rate: int
    encoding: str
    channels: int = 1

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                f"unknown raw encoding {self.encoding!r}", f"one of {', '.join(ENCODINGS)}"
            )
        if not MIN_RATE <= self.rate <= MAX_RATE:
            raise UsageError(f"raw rate {self.rate} Hz is not within {MIN_RATE} to {MAX_RATE}")
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise UsageError(f"{self.channels} raw channels: must be 1 to {MAX_CHANNELS}")
        if self.encoding in _MONO_ONLY and self.channels != 1:
            raise UsageError(f"raw {self.encoding} has one channel, not {self.channels}")

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """From ``"8000:alaw:2"``: rate, encoding (or a common alias), channels.

        Raises:
            UsageError: where the text has another form.
        """
        parts = [part.strip() for part in text.split(":")]
        if len(parts) != 3 or not all(_NUMBER.fullmatch(parts[i]) for i in (0, 2)):
            raise UsageError(
                f"raw format {text!r} is not RATE:ENCODING:CHANNELS", "for instance 8000:alaw:2"
            )
        encoding = parts[1].lower()
        return cls(int(parts[0]), ALIASES.get(encoding, encoding), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.rate}:{self.encoding}:{self.channels}"


@dataclass(frozen=True, slots=True)
class AudioOptions:
    """How recordings are read.

    Attributes:
        raw: coding of files without a header; files with one keep to it. None refuses the former.
        rate: Hz of the samples given out.
        block_ms: length of a block, at least 1.
        max_ms: what lies beyond is not read, so that a small file that decodes to weeks of
            silence can't occupy a machine.

    Raises:
        UsageError: where one of them is out of range.
    """

    raw: RawFormat | None = None
    rate: int = 16_000
    block_ms: int = 10_000
    max_ms: int = 24 * 3_600_000

    def __post_init__(self) -> None:
        if not MIN_RATE <= self.rate <= MAX_RATE:
            raise UsageError(f"rate {self.rate} Hz is not within {MIN_RATE} to {MAX_RATE}")
        if self.block_ms < 1 or self.max_ms < 1:
            raise UsageError("a block and the longest recording last at least 1 ms")
