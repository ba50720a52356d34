"""How many bytes of audio a header promises, and how many the file has.

libsndfile silently lowers its frame count to what is there; a cut must be reported.
"""

from __future__ import annotations

from voiceguard.audio.decode.view import View

_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MAX_CHUNKS = 4096


def promised_bytes(view: View, container: str) -> tuple[int, int] | None:
    """``(promised, present)`` for AU, AIFF, W64 and CAF; None where the header does not say."""
    if container == "AU":
        head = view.at(4, 8)
        offset, size = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        # 0xFFFFFFFF is the format's own "not known".
        return None if size in (0, 0xFFFF_FFFF) else (size, view.size - offset)
    if container == "AIFF":
        return _walk(view, 12, b"SSND", 4, "big", 0, 2, 8)
    if container == "W64":
        return _walk(view, 40, _W64_DATA, 8, "little", 24, 8, 0)
    if container == "CAF":
        return _walk(view, 8, b"data", 8, "big", 0, 1, 4)
    return None


def _walk(
    view: View,
    at: int,
    wanted: bytes,
    width: int,
    order: str,
    counted: int,
    align: int,
    before: int,
) -> tuple[int, int] | None:
    """Look for a chunk.

    Args:
        at: where the first chunk begins.
        wanted: name of the chunk with the samples.
        width: bytes of a length field.
        order: of its bytes.
        counted: how much of a chunk's own header its length includes.
        align: of chunks.
        before: bytes of the chunk in front of the samples.
    """
    for _ in range(_MAX_CHUNKS):
        head = view.at(at, len(wanted) + width)
        if len(head) < len(wanted) + width:
            return None
        size = int.from_bytes(head[len(wanted) :], "little" if order == "little" else "big")
        size -= counted
        at += len(head)
        if head[: len(wanted)] == wanted:
            unknown = size < before or size >= (1 << (8 * width)) - 1 - counted
            return None if unknown else (size - before, max(0, view.size - at - before))
        if size < 0:
            return None
        at += size + -(size + counted) % align
    return None
