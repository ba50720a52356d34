"""Where the sound of a call is, and what wrote its words down."""

from __future__ import annotations

from dataclasses import dataclass

from voiceguard.domain.transcript import Scalar


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file as it was found; its samples live elsewhere.

    Attributes:
        path: as given by the user.
        sha256: of the file's bytes, lower-case hex.
        duration: milliseconds that could really be decoded.
        sample_rate: Hz, as stored.
        channels: number of channels, as stored.
        codec: short name, such as ``pcm_s16le``, ``alaw``, ``mp3``, ``opus``.
    """

    path: str
    sha256: str
    duration: int
    sample_rate: int
    channels: int
    codec: str


@dataclass(frozen=True, slots=True)
class Engine:
    """What transcribed a recording: enough to do it again.

    Attributes:
        name: ``openai-whisper`` and the like.
        version: of that package.
        model: name or file name of the checkpoint.
        model_sha256: of the checkpoint's bytes, None where unknown.
        language: two-letter code.
        options: every option that can change the text, as sorted pairs.
    """

    name: str
    version: str
    model: str
    model_sha256: str | None
    language: str
    options: tuple[tuple[str, Scalar], ...] = ()
