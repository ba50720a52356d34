"""Why a stretch of text is not believed, and the reasons that need no text: sound, pace, chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voiceguard.transcribe.guards.heard import FRAME_MS, Heard, syllables
from voiceguard.transcribe.options import GuardOptions

#: How far from its sound a word may be timed, ms.
_ASTRAY_MS = 250
#: Beside the rate so many syllables are allowed, for sounds cut short at the ends of a stretch.
SLACK = 3
#: A piece with fewer syllables a second may hold words that were timed into its neighbour.
_NEARLY_EMPTY = 1.5
#: A text slower than this leaves most of the sound unexplained.
_TOO_SLOW = 0.8
_SLOW_FROM_MS = 3_000


@dataclass(frozen=True, slots=True)
class Doubt:
    """Characters ``a`` to ``b`` of a ``Heard`` are not believed.

    Attributes:
        code: of the warning.
        drop: whether the text goes; else it is only marked.
    """

    code: str
    a: int
    b: int
    drop: bool = True


def without_sound(heard: Heard, options: GuardOptions) -> list[Doubt]:
    """Words where nothing can be heard, and nothing near them in the same piece.

    Words whose times had to be made up prove nothing, unless their whole window is silent.
    """
    if not heard.loud.any():
        return [Doubt("text_in_silence", 0, len(heard.chars))] if heard.chars else []
    silent = [
        heard.changed.get(c.word) is not True and not _heard_near(heard, i)
        for i, c in enumerate(heard.chars)
    ]
    return [Doubt("text_in_silence", a, b) for a, b in runs(silent)]


def too_fast(heard: Heard, options: GuardOptions) -> list[Doubt]:
    """Pieces with more text than anybody can say in that time.

    A recogniser may time words into the wrong one of two pieces: where a neighbour is nearly empty
    the two are taken together.
    """
    amounts = _by_piece(heard)
    out = []
    lengths = [p.span.duration for p in heard.sound.pieces]
    for piece, (a, b) in amounts.items():
        first, last = piece, piece
        while first > 0 and _sparse(heard, amounts, first - 1, lengths):
            first -= 1
        while last + 1 < len(lengths) and _sparse(heard, amounts, last + 1, lengths):
            last += 1
        ms = sum(lengths[first : last + 1])
        if syllables(heard.text[a:b]) > options.rate * ms / 1000 + SLACK:
            out.append(Doubt("impossible_rate", a, b))
    return out


def unlikely(heard: Heard, options: GuardOptions) -> list[Doubt]:
    """Pieces of whose words the recogniser itself was not sure: marked, not dropped."""
    out = []
    for a, b in _by_piece(heard).values():
        held = {c.word for c in heard.chars[a:b]}
        known = [w for i in held if (w := heard.words[i].confidence) is not None]
        if b - a >= 2 and known and sum(known) / len(known) < options.doubt_below:
            out.append(Doubt("low_confidence", a, b, drop=False))
    return out


def can_be_said(heard: Heard, a: int, b: int, rate: float) -> bool:
    """Whether there is sound enough for ``chars[a:b]`` at ``rate`` syllables a second."""
    return sayable(heard.text[a:b], heard.chars[b - 1].after - heard.chars[a].before, rate)


def sayable(text: str, sound_ms: float, rate: float) -> bool:
    """Whether ``text`` can be said in ``sound_ms``."""
    return syllables(text) <= rate * sound_ms / 1000 + SLACK


def explains(heard: Heard, a: int, b: int) -> bool:
    """Whether ``chars[a:b]``, all that was written for their pieces, can be all that was said."""
    pieces = {c.piece for c in heard.chars[a:b]}
    ms = FRAME_MS * sum(
        int(heard.loud[p.at // FRAME_MS : -(-p.end // FRAME_MS)].sum())
        for i, p in enumerate(heard.sound.pieces) if i in pieces
    )
    return ms < _SLOW_FROM_MS or syllables(heard.text[a:b]) >= _TOO_SLOW * ms / 1000


def runs(marks: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Half-open ranges in which ``marks`` holds."""
    start = None
    end = 0
    for i, mark in enumerate(marks):
        end = i + 1
        if mark and start is None:
            start = i
        elif not mark and start is not None:
            yield start, i
            start = None
    if start is not None:
        yield start, end


def _heard_near(heard: Heard, i: int) -> bool:
    char = heard.chars[i]
    piece = heard.sound.pieces[char.piece]
    a = max(piece.at, piece.at + char.start - piece.span.start - _ASTRAY_MS)
    b = min(piece.end, piece.at + char.end - piece.span.start + _ASTRAY_MS)
    return bool(heard.loud[a // FRAME_MS : max(-(-b // FRAME_MS), a // FRAME_MS + 1)].any())


def _by_piece(heard: Heard) -> dict[int, tuple[int, int]]:
    """Piece → range of its characters, for pieces that have any."""
    out: dict[int, tuple[int, int]] = {}
    for i, char in enumerate(heard.chars):
        a, _ = out.get(char.piece, (i, i))
        out[char.piece] = (a, i + 1)
    return out


def _sparse(
    heard: Heard, amounts: dict[int, tuple[int, int]], piece: int, lengths: list[int]
) -> bool:
    a, b = amounts.get(piece, (0, 0))
    return syllables(heard.text[a:b]) < _NEARLY_EMPTY * lengths[piece] / 1000
