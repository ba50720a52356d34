"""What a file is, from its first bytes, never from its name.

An allow-list: the kind found here forces the decoder. Nothing is left to ffmpeg's own guessing, so
playlists and other files that only point elsewhere never reach a demuxer that would follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voiceguard.audio.decode.view import View

TEXT = "is text, not a recording"
UNKNOWN = "is not in a known audio format"
HEAD = 1 << 16
"""Bytes looked at; junk before the first MPEG frame may be as long."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A container that may be opened.

    Attributes:
        name: for messages.
        reader: which adapter tries first; all fall back to PyAV with ``demuxer``.
        demuxer: the one ffmpeg demuxer that may touch the file.
    """

    name: str
    reader: Literal["wav", "soundfile", "pyav"]
    demuxer: str


_WAV = Kind("WAV", "wav", "wav")
_MP3 = Kind("MP3", "pyav", "mp3")
_AAC = Kind("AAC", "pyav", "aac")
# libsndfile gives up on the first damaged FLAC frame, PyAV goes on behind it.
_FLAC = Kind("FLAC", "pyav", "flac")
_W64_ID = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_MAGIC: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"fLaC", _FLAC),
    (0, b"OggS", Kind("Ogg", "pyav", "ogg")),
    (0, b"\x1aE\xdf\xa3", Kind("Matroska", "pyav", "matroska")),
    (0, b"#!AMR", Kind("AMR", "pyav", "amr")),
    (0, _W64_ID, Kind("W64", "soundfile", "w64")),
    (0, b".snd", Kind("AU", "soundfile", "au")),
    (0, b"caff", Kind("CAF", "soundfile", "caf")),
    (0, b"NIST_1A", Kind("NIST SPHERE", "soundfile", "nistsphere")),
    (0, b"Creative Voice File\x1a", Kind("VOC", "soundfile", "voc")),
    (0, b"FLV\x01", Kind("FLV", "pyav", "flv")),
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), Kind("ASF", "pyav", "asf")),
    (8, b"WAVEfmt ", _WAV),  # also where a damaged file no longer begins with RIFF
    *((4, box, Kind("MP4", "pyav", "mov")) for box in (b"ftyp", b"moov", b"mdat", b"wide")),
    *((4, box, Kind("MP4", "pyav", "mov")) for box in (b"free", b"skip", b"pnot")),
)
_FORMS: dict[tuple[bytes, bytes], Kind] = {
    **{(outer, b"WAVE"): _WAV for outer in (b"RIFF", b"RIFX", b"RF64", b"BW64")},
    (b"RIFF", b"AVI "): Kind("AVI", "pyav", "avi"),
    (b"FORM", b"AIFF"): Kind("AIFF", "soundfile", "aiff"),
    (b"FORM", b"AIFC"): Kind("AIFF", "soundfile", "aiff"),
}
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"#EXTM3U", "is a playlist, not a recording"),
    (b"ffconcat", "is a playlist, not a recording"),
    (b"[playlist]", "is a playlist, not a recording"),
    (b"v=0", "is a session description (SDP), not a recording"),
    (b"<", "is markup (XML or HTML), not a recording"),
    (b"\x89PNG", "is an image, not a recording"),
    (b"\xff\xd8\xff", "is an image, not a recording"),
    (b"GIF8", "is an image, not a recording"),
    (b"BM", "is an image, not a recording"),
    (b"%PDF", "is a PDF document, not a recording"),
    (b"PK\x03\x04", "is an archive or office document, not a recording"),
    (b"\x1f\x8b", "is a compressed file, not a recording"),
    (b"Rar!", "is an archive, not a recording"),
    (b"MZ", "is a program, not a recording"),
    (b"\x7fELF", "is a program, not a recording"),
)


def sniff(view: View) -> Kind | str:
    """The kind of a file, or why it is none, as the end of a sentence that begins with its name."""
    head = view.at(0, HEAD)
    if kind := magic(head):
        return kind
    if head[:3] == b"ID3":
        return _behind_id3(view, head)
    if kind := _mpeg(head):
        return kind
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, reason in _REFUSED:
        if start.startswith(mark):
            return reason
    return TEXT if _is_text(head[:4096]) else UNKNOWN


def magic(head: bytes) -> Kind | None:
    """The kind that ``head`` names beyond doubt, with a mark of four bytes or more."""
    if kind := _FORMS.get((head[:4], head[8:12])):
        return kind
    return next((kind for at, mark, kind in _MAGIC if head[at : at + len(mark)] == mark), None)


def _behind_id3(view: View, head: bytes) -> Kind:
    """ID3 tags stand before MP3, and by custom before AAC and FLAC."""
    if len(head) < 10:
        return _MP3
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    behind = view.at(10 + size, HEAD)
    return _FLAC if behind[:4] == b"fLaC" else _mpeg(behind) or _MP3


def _mpeg(data: bytes) -> Kind | None:
    """MP3 or ADTS where three frame headers follow each other (two at the end of a short file)."""
    at = data.find(b"\xff")
    while at >= 0:
        for length_of, kind in ((mp3_frame, _MP3), (_adts_frame, _AAC)):
            here, frames = at, 0
            while frames < 3 and (length := length_of(data[here : here + 6])):
                here += length
                frames += 1
            if frames == 3 or (at == 0 and frames and here >= len(data)):
                return kind
        at = data.find(b"\xff", at + 1)
    return None


_RATES = (44100, 48000, 32000)
_BITRATES = {  # (MPEG 1?, layer) → kbit/s by index
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mp3_frame(header: bytes) -> int:
    """Length in bytes of the MPEG audio frame that begins with ``header``; 0 where none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or rate == 3 or not 0 < bitrate < 15:
        return 0
    bits = 1000 * _BITRATES[version == 3, layer][bitrate]
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def _adts_frame(header: bytes) -> int:
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0


def _is_text(head: bytes) -> bool:
    """Whether nearly all of it is UTF-8 or GB18030 text without control characters."""
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[:-4].decode(encoding) if len(head) > 8 else head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                continue
        return True
    return False
