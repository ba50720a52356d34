"""Decoding through PyAV: MP3, AAC, Opus, Vorbis, FLAC, AMR and the sound of videos.

ffmpeg gets a Python file object, one demuxer named by :mod:`sniff`, no protocol at all and a
refusal for anything else that it may ask to open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from voiceguard.audio import notices
from voiceguard.audio.decode.reader import CHUNK, Samples, Trouble, Unreadable, check_format
from voiceguard.audio.decode.sniff import mp3_frame
from voiceguard.audio.decode.view import View

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

_TIMED = frozenset({"ogg", "matroska", "mov", "flv", "asf", "flac"})
"""Containers whose time stamps show lost packets; elsewhere they are counted from the bytes."""
_PROMISING = frozenset({"matroska", "mov", "flv", "asf", "flac", "avi", "caf", "aiff", "w64"})
"""Containers whose duration is written down, not guessed from the file's size."""
_GAP_S = 0.06
_RETRIES = 16
_NAMES = {"pcm_alaw": "alaw", "pcm_mulaw": "mulaw", "gsm_ms": "gsm"}


class AvReader:
    """A :class:`~voiceguard.audio.decode.reader.Reader` over one view.

    ``promised_s`` is the length in seconds that the caller has read from the header itself.

    Raises:
        Unreadable: nothing could be decoded.
    """

    exact = False

    def __init__(self, view: View, demuxer: str, promised_s: float | None = None) -> None:
        import av

        self._av = av
        self._demuxer = demuxer
        self._view = view
        self.trouble = Trouble()
        self.rate = self.channels = 0  # known with the first frame
        self._bad = 0  # packets since the last good frame
        self._owed = 0  # frames of silence that they stand for
        self._paused = 0  # frames of pause (AMR without transmission) before the next good one
        self._good_bytes = self._good_frames = 0
        view.seek(0)
        try:
            self._container: InputContainer = av.open(
                view,
                "r",
                format=demuxer,
                options={"protocol_whitelist": "none", "enable_drefs": "0"},
                metadata_errors="replace",
                io_open=_refuse,
                timeout=60.0,
            )
        except Exception as error:  # PyAV raises OSError, ValueError, IndexError, Unicode errors …
            raise Unreadable(f"can't be opened as audio ({_reason(error)})") from None
        try:
            self._stream = self._choose_stream()
            context = self._stream.codec_context
            self.codec = _NAMES.get(context.codec.canonical_name, context.codec.canonical_name)
            if context.channels:
                check_format(context.sample_rate or 8000, context.channels)
            self._frames = self._decode()
            first = next(self._frames, None)
            if first is None:
                raise Unreadable("holds no audio that can be decoded")
            self._first: AudioFrame | None = first
            self.rate, self.channels = int(first.sample_rate), int(first.layout.nb_channels)
            check_format(self.rate, self.channels)
            self._origin = _seconds(first.pts, first.time_base) or 0.0
            seconds = self._promise() if promised_s is None else promised_s
            self.promised = round(seconds * self.rate) if seconds else None
            self._end = self._true_end()
        except Unreadable:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise Unreadable(f"can't be decoded ({_reason(error)})") from None

    def _choose_stream(self) -> AudioStream:
        audio = self._container.streams.audio
        cover = self._av.stream.Disposition.attached_pic
        if any(not stream.disposition & cover for stream in self._container.streams.video):
            self.trouble.notices.append(notices.video_stream_ignored())
        if not audio:
            raise Unreadable("has no audio track")
        if len(audio) > 1:
            self.trouble.notices.append(notices.audio_streams_ignored(len(audio) - 1))
        # Without a decoder the type stub's promise does not hold.
        if getattr(audio[0], "codec_context", None) is None:
            raise Unreadable("is coded in a way that is not supported")
        return audio[0]

    def _promise(self) -> float | None:
        """Seconds that the header promises, None where it does not say."""
        if self._demuxer == "mp3" and not _has_frame_count(self._view):
            return None
        if self._demuxer not in _PROMISING and self._demuxer != "mp3":
            return None
        seconds = _seconds(self._stream.duration, self._stream.time_base)
        if seconds is None and self._container.duration:
            seconds = self._container.duration / self._av.time_base
        return seconds if seconds and seconds > 0 else None

    def _true_end(self) -> int | None:
        """Frames without the encoder's padding at the end, where the container knows."""
        if self._demuxer not in ("mov", "ogg"):
            return None
        seconds = _seconds(self._stream.duration, self._stream.time_base)
        return round(seconds * self.rate) if seconds else None

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        """Every packet of the stream; a damaged one does not end it while there is progress."""
        failures = 0
        while failures < _RETRIES:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    yield packet
                return
            except self._av.FFmpegError:
                failures += 1
        self.trouble.stopped = True

    def _decode(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            if self.codec == "amr_nb" and _is_pause(packet):
                self._account(packet, _AMR_FRAME)
                self._paused += _AMR_FRAME
                continue
            try:
                frames = packet.decode()
            except self._av.FFmpegError:
                self._bad += 1
                self._owed += self._length_of(packet)
                continue
            count = sum(frame.samples for frame in frames)
            if count:
                self._account(packet, count)
            yield from (frame for frame in frames if frame.samples > 0)

    def _account(self, packet: Packet[AudioStream], count: int) -> None:
        """Note what a good packet of ``count`` frames tells about bytes and time."""
        self._good_bytes += packet.size
        self._good_frames += count
        if packet.pos is not None and packet.pos >= 0:
            # FLAC's parser hands over garbage together with the frame before it: no frame is
            # larger than its samples uncompressed.
            largest = 64 + 4 * count * self._stream.codec_context.channels
            self.trouble.read_to = packet.pos + min(packet.size, largest)

    def _length_of(self, packet: Packet[AudioStream]) -> int:
        """Frames that a damaged packet stood for."""
        if self._demuxer in _TIMED:
            seconds = _seconds(packet.duration, packet.time_base)
            # The length comes from a damaged file: no packet is longer than a second or so.
            return round(min(seconds or 0.0, 1.0) * self.rate)
        # Bytes without time stamps: garbage was cut into packets by chance, so that their number
        # says nothing, but as many good bytes would have lasted this long.
        return int(packet.size) * self._good_frames // max(1, self._good_bytes)

    def chunks(self, start: int) -> Iterator[Samples]:
        """Samples (channels, n) from frame ``start`` to the end; this decoder can't jump."""
        pending: list[Samples] = []
        size, skip = 0, start
        for piece in self._without_padding(self._pieces()):
            cut = min(skip, piece.shape[1])
            skip -= cut
            pending.append(piece[:, cut:])
            size += piece.shape[1] - cut
            if size >= CHUNK:
                yield np.concatenate(pending, axis=1)
                pending, size = [], 0
        if size:
            yield np.concatenate(pending, axis=1)

    def _without_padding(self, pieces: Iterator[Samples]) -> Iterator[Samples]:
        """ffmpeg leaves the padding of AAC and Vorbis in; never more than the last two frames."""
        held: list[Samples] = []
        total = 0
        for piece in pieces:
            held.append(piece)
            total += piece.shape[1]
            if len(held) > 2:
                yield held.pop(0)
        extra = total - self._end if self._end else 0
        if held:
            last = np.concatenate(held, axis=1)
            yield last[:, : last.shape[1] - extra] if 0 < extra < last.shape[1] else last

    def _pieces(self) -> Iterator[Samples]:
        """Decoded frames, and silence where frames are missing between them."""
        done = 0
        for frame in self._all_frames():
            if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
                # A damaged frame header, or another recording appended: it can't be joined on.
                self._bad += 1
                self._owed += min(frame.samples, self.rate)
                continue
            paused, self._paused = self._paused, 0
            missing = paused + self._missing(frame, done + paused)
            yield from self._silence(missing)
            samples = _to_float(frame)
            yield samples
            done += missing + samples.shape[1]
        yield from self._silence(self._paused)
        # One bad packet at the very end is a cut through a packet; more are damage.
        self.trouble.stopped |= self._bad > 1

    def _silence(self, frames: int) -> Iterator[Samples]:
        """``frames`` of silence, in parts."""
        for at in range(0, frames, CHUNK):
            yield np.zeros((self.channels, min(CHUNK, frames - at)), np.float32)

    def _all_frames(self) -> Iterator[AudioFrame]:
        if self._first is not None:
            yield self._first
            self._first = None
        try:
            yield from self._frames
        except self._av.FFmpegError:
            self.trouble.stopped = True

    def _missing(self, frame: AudioFrame, done: int) -> int:
        """Frames of silence due before ``frame``, of which ``done`` have gone before."""
        # Damage must not make a second into a day.
        allowed = 60 * self.rate + 10 * done - self.trouble.silenced - self.trouble.filled
        owed, self._bad, self._owed = min(self._owed, max(0, allowed)), 0, 0
        self.trouble.silenced += owed
        if self._demuxer not in _TIMED:
            return owed
        stamp = _seconds(frame.pts, frame.time_base)
        if stamp is None:
            return owed
        gap = round((stamp - self._origin) * self.rate) - done - owed
        if gap <= _GAP_S * self.rate or gap > allowed - owed:
            return owed
        self.trouble.filled += gap
        return owed + gap

    def close(self) -> None:
        """Free the decoder."""
        self._container.close()


_AMR_FRAME = 160
"""Samples of an AMR-NB frame (20 ms at 8 kHz)."""


def _is_pause(packet: Packet[AudioStream]) -> bool:
    """Whether an AMR packet only says that nobody speaks (discontinuous transmission).

    Handsets send comfort-noise and empty frames in pauses (types 8 and 15, 3GPP TS 26.101).
    ffmpeg's decoder refuses them, and without them a call would lose its pauses. The bits beside
    the type and the quality mark are zero in a true frame, which tells it from most garbage.
    """
    return packet.size in (1, 6) and bytes(packet)[0] & 0xFB == (0x40 if packet.size == 6 else 0x78)


def _refuse(url: str, flags: int, options: dict[str, Any]) -> Any:
    raise PermissionError("a recording may not open other files")


def _has_frame_count(view: View) -> bool:
    """Whether an MP3 says how long it is (Xing, Info or VBRI in its first frame)."""
    head = view.at(0, 10)
    at = 0
    if head[:3] == b"ID3" and len(head) == 10:
        for byte in head[6:10]:
            at = at << 7 | byte & 0x7F
        at += 10
    frame = view.at(at, 192)
    return mp3_frame(frame) > 0 and any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def _seconds(count: int | None, base: Any) -> float | None:
    # Rounded once, as a fraction's product is, but without reducing it: this runs for every frame.
    return None if count is None or base is None else count * base.numerator / base.denominator


def _to_float(frame: AudioFrame) -> Samples:
    """Samples (channels, n) in -1 … 1."""
    if frame.format.name == "fltp":  # most decoders; to_ndarray takes detours
        samples = np.empty((frame.layout.nb_channels, frame.samples), np.float32)
        for row, plane in zip(samples, frame.planes, strict=True):
            row[:] = np.frombuffer(plane, np.float32, frame.samples)
        return samples
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype.kind == "u":
        return np.ascontiguousarray((data.astype(np.float32) - 128) / 128, np.float32)
    with np.errstate(over="ignore"):
        samples = data.astype(np.float32)
    if data.dtype.kind == "i":
        samples /= float(1 << (8 * data.dtype.itemsize - 1))
    return np.ascontiguousarray(samples)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()
