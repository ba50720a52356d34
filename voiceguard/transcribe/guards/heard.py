"""What the guards look at: the text of a window a character at a time, each with its place in time
and with how much sound there was by then."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voiceguard.domain import RATE, Piece, Span, Window, Word
from voiceguard.text import normalise
from voiceguard.transcribe.guards.times import mend
from voiceguard.transcribe.options import GuardOptions

FRAME_MS = 20
_FLOOR_DB = -100.0
#: Softer than the loudest twentieth of a window by this much is not a voice, dB. Wide enough for
#: somebody who prompts from the other side of the room.
_RANGE_DB = 45.0
#: A word of so many characters is a segment: its characters have no times of their own.
_COARSE = 6
_SPELLED = re.compile(r"[0-9]+|[^\W\d_一-鿿぀-ヿ가-힣]+")


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What is kept of a window once its samples are gone.

    Attributes:
        window: its id, ``call:channel:number``.
        levels: dBFS of every 20 ms, at least −100.
    """

    window: str
    channel: int
    pieces: tuple[Piece, ...]
    levels: NDArray[np.float32]


def listen(window: Window) -> Sound:
    """Levels of a window; a constant voltage on the line is no sound."""
    size = RATE * FRAME_MS // 1000
    frames = window.samples[: len(window.samples) // size * size].reshape(-1, size)
    power = np.maximum(np.var(frames, axis=1), 10 ** (_FLOOR_DB / 10))
    return Sound(window.id, window.channel, window.pieces,
                 np.asarray(10 * np.log10(power), np.float32))


class Char(NamedTuple):
    """One comparable character.

    ``start`` and ``end`` are ms of the recording; ``before`` and ``after`` count the ms of sound
    on the channel until then, so that the difference of two tells how long there was something to
    hear between them, whatever pauses, pieces and windows lie there.
    """

    at: int
    word: int
    piece: int
    start: int
    end: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A window with its words, ready to be doubted.

    Attributes:
        words: with times that make sense.
        changed: words whose time the recogniser got wrong, and whether it had to be made up.
        text: normalised, a character for each of ``chars``.
        loud: whether something can be heard, every 20 ms of the window.
        sounded: ms of sound on the channel up to the end of this window.
    """

    sound: Sound
    words: tuple[Word, ...]
    pieces: tuple[int, ...]
    changed: dict[int, bool]
    text: str
    chars: tuple[Char, ...]
    loud: NDArray[np.bool_]
    sounded: int

    def without(self, dropped: Iterable[int]) -> Heard:
        """The same with some of ``chars`` left out."""
        gone = set(dropped)
        if not gone:
            return self
        kept = [i for i in range(len(self.chars)) if i not in gone]
        return replace(self, text="".join(self.text[i] for i in kept),
                       chars=tuple(self.chars[i] for i in kept))

    def span(self, a: int, b: int) -> Span:
        """Time of ``chars[a:b]``."""
        return Span(self.chars[a].start, self.chars[b - 1].end)

    def kept_words(self) -> tuple[Word, ...]:
        """``words`` as far as their characters are still there, verbatim."""
        kept = {c.at for c in self.chars}
        owners = _owners([w.text for w in self.words])
        if not owners or kept.issuperset(o for o in owners if o is not None):
            return self.words
        out, at = [], 0
        for word in self.words:
            mine = [owners[at + k] in kept for k in range(len(word.text))]
            at += len(word.text)
            if all(mine):
                out.append(word)
            elif any(mine):
                out.append(_cut(word, mine))
        return tuple(out)


def hear(sound: Sound, words: Sequence[Word], options: GuardOptions, sounded: int = 0) -> Heard:
    """Words of a window with the evidence for them.

    Args:
        sounded: ms of sound on the channel before this window.
    """
    raw = [(float(w.span.start), float(w.span.end)) if w.span else None for w in words]
    times, changed = mend(raw, sound.pieces)
    mended = tuple(
        replace(w, span=span) if i in changed else w
        for i, (w, (span, _)) in enumerate(zip(words, times, strict=True))
    )
    shown = mended if "times" in options.active else tuple(
        old if old.span else new for old, new in zip(words, mended, strict=True))
    pieces = tuple(piece for _, piece in times)
    loud = sound.levels > max(options.silence_db, _reference(sound.levels) - _RANGE_DB)
    clock = _SoundClock(sound, loud, sounded)
    joined = "".join(w.text for w in words)
    plain = normalise(joined)
    ends = list(np.cumsum([len(w.text) for w in words]))
    holders = [bisect_right(ends, at) for at in plain.origin]
    chars = _chars(plain.origin, holders, mended, pieces, clock)
    return Heard(sound, shown, pieces, changed, plain.text, chars, loud, clock.total)


def syllables(text: str) -> int:
    """At least so many syllables it takes to say ``text`` (normalised).

    A Chinese character is one; of Latin letters three are taken as one, and a number may be said
    without its zeros (10000 is 一万).
    """
    spelled = [m.group() for m in _SPELLED.finditer(text)]
    count = len(text) - sum(map(len, spelled))
    for part in spelled:
        if part[0].isdigit():
            count += len(part) - part.count("0") + ("0" in part)
        else:
            count += -(-len(part) // 3)
    return count


class _SoundClock:
    """ms of sound up to a time of the recording."""

    def __init__(self, sound: Sound, loud: NDArray[np.bool_], sounded: int) -> None:
        self._pieces = sound.pieces
        self._sum = np.concatenate([[0], np.cumsum(loud)]) * FRAME_MS + sounded
        self.start, self.total = sounded, int(self._sum[-1])

    def at(self, ms: int, piece: int) -> int:
        inside = self._pieces[piece]
        frame = (inside.at + ms - inside.span.start) // FRAME_MS
        return int(self._sum[min(frame, len(self._sum) - 1)])


def _reference(levels: NDArray[np.float32]) -> float:
    return float(np.percentile(levels, 95)) if len(levels) else _FLOOR_DB


def _chars(
    origin: Sequence[int], holders: Sequence[int], words: Sequence[Word], pieces: Sequence[int],
    clock: _SoundClock,
) -> tuple[Char, ...]:
    """Characters with times; those of one word share its time evenly."""
    sizes = np.bincount(holders, minlength=len(words)) if len(holders) else np.zeros(0, np.int64)
    sounds = [(clock.at(w.span.start, p), clock.at(w.span.end, p)) if w.span else (0, 0)
              for w, p in zip(words, pieces, strict=True)]
    out: list[Char] = []
    nth = 0
    for k, (at, holder) in enumerate(zip(origin, holders, strict=True)):
        nth = nth + 1 if k and holders[k - 1] == holder else 0
        size, span = int(sizes[holder]), words[holder].span
        assert span is not None
        a, b = sounds[holder]
        if size >= _COARSE:
            # A segment is timed as a whole; it may go on in pieces that hold no word of their own.
            a = sounds[holder - 1][1] if holder else clock.start
            b = sounds[holder + 1][0] if holder + 1 < len(words) else clock.total
        times = [low + (high - low) * n // size
                 for low, high in ((span.start, span.end), (a, b)) for n in (nth, nth + 1)]
        out.append(Char(at, holder, pieces[holder], *times))
    return tuple(out)


def _owners(texts: Sequence[str]) -> list[int | None]:
    """For each character of the verbatim text the one with which it stays or goes: itself where it
    sounds, else the sounding one before it, else the next one."""
    joined = "".join(texts)
    sounding = set(normalise(joined).origin)
    out: list[int | None] = []
    last: int | None = None
    for at in range(len(joined)):
        last = at if at in sounding else last
        out.append(last)
    first = min(sounding, default=None)
    return [first if o is None else o for o in out]


def _cut(word: Word, kept: Sequence[bool]) -> Word:
    """The kept characters of a word, from the first to the last of them in time."""
    assert word.span is not None
    first = kept.index(True)
    last = len(kept) - 1 - list(reversed(kept)).index(True)
    length = word.span.duration
    span = Span(word.span.start + length * first // len(kept),
                word.span.start + length * (last + 1) // len(kept))
    return Word("".join(c for c, k in zip(word.text, kept, strict=True) if k), span,
                word.confidence)
