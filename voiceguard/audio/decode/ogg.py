"""Whether an Ogg stream ends as it should: its last page carries an end mark."""

from __future__ import annotations

from voiceguard.audio.decode.view import View

_TAIL = 1 << 17
_END_OF_STREAM = 4


def ends_properly(view: View) -> bool:
    """True where the last complete page in ``view`` has the end-of-stream mark."""
    size = min(_TAIL, view.size)
    tail = view.at(view.size - size, size)
    at = tail.rfind(b"OggS")
    while at >= 0:
        header = tail[at : at + 27]
        if len(header) == 27:
            table = tail[at + 27 : at + 27 + header[26]]
            whole = len(table) == header[26] and at + 27 + len(table) + sum(table) <= size
            return whole and bool(header[5] & _END_OF_STREAM)
        at = tail.rfind(b"OggS", 0, at)
    return False
