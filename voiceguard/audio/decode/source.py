"""One recording, open: the right decoder, clean samples, and an account of what was lost."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

import numpy as np

from voiceguard.audio import notices
from voiceguard.audio.decode import ogg, wav
from voiceguard.audio.decode.libav import AvReader
from voiceguard.audio.decode.promise import promised_bytes
from voiceguard.audio.decode.reader import OutOfRange, Reader, Samples, Unreadable
from voiceguard.audio.decode.sndfile import SndfileReader, open_wav
from voiceguard.audio.decode.sniff import HEAD, TEXT, UNKNOWN, Kind, magic, sniff
from voiceguard.audio.decode.view import open_view
from voiceguard.audio.options import AudioOptions, RawFormat
from voiceguard.domain import Notice
from voiceguard.errors import AudioError

_LOUDEST = 4.0
"""Float files may go beyond 1; what goes far beyond is damage that would drown the rest."""
_LOSS_S = 0.1
"""Encoder delay and padding make compressed files a little shorter than promised."""
_UNREAD_S = 1.0
"""What a decoder may leave at the end of a file that was cut within a frame."""


class Source:
    """A recording that is being read; a context manager.

    Attributes:
        rate: Hz, as stored.
        channels: as stored.
        codec: short name.
        done: frames given so far, from the start of the recording.

    Raises:
        AudioError: one line with the file's name, for everything that can be wrong with it.
    """

    def __init__(self, path: str, options: AudioOptions) -> None:
        self.path = path
        self._options = options
        self._extra: list[Notice] = []
        self._nan = 0
        self._stretch = 1.0  # bytes promised by the header per byte present
        self._cut = False
        self.done = 0
        self._file, self._view = open_view(path)
        try:
            self._reader = self._open()
        except Unreadable as problem:
            self._file.close()
            raise AudioError(f"{path}: {self._cause(str(problem))}") from None
        except AudioError:
            self._file.close()
            raise
        self.rate = self._reader.rate
        self.channels = self._reader.channels
        self.codec = self._reader.codec

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()
        self._file.close()

    def sha256(self) -> str:
        """Of the file's bytes, lower-case hex.

        Raises:
            AudioError: the disk fails.
        """
        digest = self._view.sha256()
        if self._view.error is not None:
            raise AudioError(f"{self.path}: {self._cause('')}")
        return digest

    def _open(self) -> Reader:
        kind: Kind | str | None
        if self._options.raw is not None:
            # In a folder of headerless files one with a header is still what its header says.
            kind = magic(self._view.at(0, HEAD))
            if kind is None:
                return self._open_raw(self._options.raw)
        else:
            kind = sniff(self._view)
        if isinstance(kind, str):
            hint = "headerless audio needs --raw RATE:ENCODING:CHANNELS"
            raise AudioError(f"{self.path}: {kind}", hint if kind in (UNKNOWN, TEXT) else "")
        reader = self._open_kind(kind)
        if self._options.raw is not None:
            self._extra.append(notices.raw_ignored(reader.codec))
        return reader

    def _open_raw(self, raw: RawFormat) -> Reader:
        reader = SndfileReader(self._view, raw.encoding, raw=raw)
        whole = {"gsm": 33, "vox": 1}.get(raw.encoding) or _frame_bytes(raw)
        if self._view.size % whole:
            self._extra.append(notices.raw_remainder(self._view.size % whole))
        reader.promised = None
        return reader

    def _open_kind(self, kind: Kind) -> Reader:
        promised_s: float | None = None
        view = self._view
        try:
            if kind.reader == "wav":
                layout = wav.read_layout(self._view)
                if isinstance(layout, str):
                    raise AudioError(f"{self.path}: {layout}")
                if layout.length == 0:
                    raise AudioError(f"{self.path}: holds no audio (0 samples)")
                if layout.wrong:
                    self._extra.append(notices.header_length_wrong(layout.written, layout.length))
                if layout.promised and layout.byte_rate:
                    promised_s = layout.promised / layout.byte_rate
                # ffmpeg would believe a damaged text chunk and take gigabytes of memory for it.
                view = wav.repaired(self._view, layout)
                return open_wav(self._view, layout)
            if kind.reader == "soundfile":
                promised, present = promised_bytes(self._view, kind.name) or (0, 0)
                self._stretch = promised / present if promised > present > 0 else 1.0
                return SndfileReader(self._view)
        except OutOfRange:
            raise
        except Unreadable:
            pass
        if kind.demuxer == "avi":
            head = view.at(0, HEAD).replace(b"INFO", b"JUNK")  # for the same reason
            view = view.window(len(head), view.size - len(head), head)
        return AvReader(view, kind.demuxer, promised_s)

    def _cause(self, problem: str) -> str:
        """``problem``, or what the disk said where it failed."""
        if self._view.error is not None:
            return f"reading fails: {self._view.error.strerror or 'input error'}"
        return problem

    def chunks(self, start: int = 0) -> Iterator[Samples]:
        """Samples (channels, n), finite, from frame ``start`` to the end or what can be read.

        Raises:
            AudioError: from the start, and there is none.
        """
        self.done = start
        last = self._options.max_ms * self.rate // 1000
        for chunk in self._guarded(start):
            if self.done + chunk.shape[1] > last:
                self._cut = True
                chunk = chunk[:, : max(0, last - self.done)]
            self.done += chunk.shape[1]
            if chunk.shape[1]:
                yield self._clean(chunk)
            if self._cut:
                return
        if self.done == 0:
            raise AudioError(f"{self.path}: {self._cause('holds no audio that can be decoded')}")

    def _guarded(self, start: int) -> Iterator[Samples]:
        """The decoder's samples; whatever else it throws at damage ends them."""
        try:
            yield from self._reader.chunks(start)
        except Exception:  # PyAV and libsndfile promise no particular type here
            self._reader.trouble.stopped = True

    def _clean(self, chunk: Samples) -> Samples:
        finite = np.isfinite(chunk)
        if not finite.all():
            self._nan += int(chunk.size - np.count_nonzero(finite))
            chunk = np.where(finite, chunk, np.float32(0))
        return np.clip(chunk, -_LOUDEST, _LOUDEST)

    def notices(self) -> tuple[Notice, ...]:
        """What is to be said about the file itself, once it was read to the end."""
        trouble, scale = self._reader.trouble, 1000 / self.rate
        found = [*self._extra, *trouble.notices]
        if self._cut:
            found.append(notices.too_long(self._options.max_ms))
        else:
            found += self._losses()
        if trouble.silenced:
            found.append(notices.corrupt_frames(trouble.silenced * scale))
        if trouble.filled:
            found.append(notices.gaps_filled(trouble.filled * scale))
        if self._nan:
            found.append(notices.nan_samples(self._nan))
        return tuple(found)

    def _losses(self) -> list[Notice]:
        reader, scale = self._reader, 1000 / self.rate
        promised = round(self.done * self._stretch) if self._stretch > 1 else reader.promised
        tolerance = 0 if reader.exact else _LOSS_S * self.rate
        if promised is not None and promised - self.done <= tolerance:
            promised = None
        # Data is missing, but the file goes on: what follows is damaged, not absent.
        read_to = reader.trouble.read_to
        unread = (self._view.size - read_to) / read_to * self.done if read_to else 0
        damaged = promised is not None and unread > _UNREAD_S * self.rate
        if reader.trouble.stopped or damaged or self._view.error is not None:
            known = None if promised is None else promised * scale
            return [notices.corrupt_tail(known, self.done * scale)]
        if promised is not None:
            return [notices.truncated(promised * scale, self.done * scale)]
        if self._view.at(0, 4) == b"OggS" and not ogg.ends_properly(self._view):
            return [notices.truncated_unknown(self.done * scale)]
        return []


def _frame_bytes(raw: RawFormat) -> int:
    bits = "".join(char for char in raw.encoding if char.isdigit())
    return raw.channels * (int(bits) // 8 if bits else 1)
