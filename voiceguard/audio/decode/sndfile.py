"""Decoding through libsndfile: PCM, G.711, ADPCM and GSM in WAV, AIFF, AU, W64, CAF or bare."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voiceguard.audio.decode import wav
from voiceguard.audio.decode.reader import (
    CHUNK,
    OutOfRange,
    Samples,
    Trouble,
    Unreadable,
    check_format,
)
from voiceguard.audio.decode.view import View
from voiceguard.audio.options import ENCODINGS, RawFormat

_CODECS = {
    "PCM_S8": "pcm_s8", "PCM_U8": "pcm_u8", "PCM_16": "pcm_s16", "PCM_24": "pcm_s24",
    "PCM_32": "pcm_s32", "FLOAT": "pcm_f32", "DOUBLE": "pcm_f64", "ALAW": "alaw", "ULAW": "mulaw",
    "GSM610": "gsm", "IMA_ADPCM": "adpcm_ima", "MS_ADPCM": "adpcm_ms", "VOX_ADPCM": "vox",
}  # fmt: skip
_PCM_CODINGS = {
    (wav.PCM, 8): "pcm_u8", (wav.PCM, 16): "pcm_s16", (wav.PCM, 24): "pcm_s24",
    (wav.PCM, 32): "pcm_s32", (wav.FLOAT, 32): "pcm_f32", (wav.FLOAT, 64): "pcm_f64",
    (wav.ALAW, 8): "alaw", (wav.MULAW, 8): "mulaw",
}  # fmt: skip
_BLOCK_CODINGS = {wav.MS_ADPCM: "adpcm_ms", wav.IMA_ADPCM: "adpcm_ima_wav", wav.GSM: "gsm"}


class SndfileReader:
    """A :class:`~voiceguard.audio.decode.reader.Reader` over one view.

    ``raw`` forces a headerless coding. ``limit`` cuts padding off: no more frames are given.

    Raises:
        Unreadable: libsndfile does not know the format.
    """

    exact = True

    def __init__(
        self,
        view: View,
        codec: str = "",
        *,
        raw: RawFormat | None = None,
        limit: int | None = None,
    ) -> None:
        import soundfile  # type: ignore[import-untyped, unused-ignore]

        self._error: type[Exception] = soundfile.LibsndfileError
        self._limit = limit
        view.seek(0)
        try:
            if raw is None:
                self._file = soundfile.SoundFile(view)
            else:
                subtype, endian = ENCODINGS[raw.encoding]
                self._file = soundfile.SoundFile(
                    view,
                    samplerate=raw.rate,
                    channels=raw.channels,
                    subtype=subtype,
                    endian=endian,
                    format="RAW",
                )
        except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
            raise Unreadable(f"can't be opened as audio ({_reason(error)})") from None
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        try:
            check_format(self.rate, self.channels)
        except OutOfRange:
            self.close()
            raise
        self.codec = codec or _codec(self._file.subtype, self._file.format, self._file.endian)
        self.promised: int | None = self._file.frames
        self.trouble = Trouble()

    def chunks(self, start: int) -> Iterator[Samples]:
        """Samples (channels, n) from frame ``start`` to the end."""
        skip = start
        if start and self._file.seekable():
            try:
                self._file.seek(start)
            except self._error:
                return  # beyond the end
            skip = 0
        done = start - skip
        while self._limit is None or done < self._limit:
            wanted = CHUNK if self._limit is None else min(CHUNK, self._limit - done)
            try:
                block = self._file.read(wanted, dtype="float32", always_2d=True)
            except self._error:
                self.trouble.stopped = True
                return
            if not len(block):
                return
            done += len(block)
            cut, skip = min(skip, len(block)), max(0, skip - len(block))
            if cut < len(block):
                yield np.ascontiguousarray(block[cut:].T)

    def close(self) -> None:
        """Free the decoder."""
        self._file.close()


def open_wav(view: View, layout: wav.WavLayout) -> SndfileReader:
    """A reader for a WAV file's audio, whatever its header says about lengths.

    Raises:
        Unreadable: the coding is not libsndfile's.
    """
    check_format(layout.rate, layout.channels)
    promised = None if layout.promised is None else wav.frames_of(layout, layout.promised)
    coding = _PCM_CODINGS.get((layout.tag, layout.bits))
    if coding:
        wide = layout.bits > 8
        encoding = f"{coding}{'be' if layout.big else 'le'}" if wide else coding
        length = layout.length - layout.length % layout.align
        raw = RawFormat(layout.rate, encoding, layout.channels)
        reader = SndfileReader(view.window(layout.offset, length), encoding, raw=raw)
    elif layout.tag in _BLOCK_CODINGS:
        limit = wav.frames_of(layout, layout.length)
        codec = _BLOCK_CODINGS[layout.tag]
        reader = SndfileReader(wav.repaired(view, layout), codec, limit=limit)
    else:
        raise Unreadable(f"is coded in a way that is not supported (WAV format {layout.tag:#06x})")
    reader.promised = promised
    return reader


def _codec(subtype: str, container: str, endian: str) -> str:
    name = _CODECS.get(subtype, subtype.lower())
    if not name.startswith(("pcm_s", "pcm_f")) or name == "pcm_s8":
        return name
    by_custom = "be" if container in ("AIFF", "AU", "CAF") else "le"
    return name + {"BIG": "be", "LITTLE": "le"}.get(endian, by_custom)


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", "") or "format not recognised"
    return str(text).strip().rstrip(".").lower()
