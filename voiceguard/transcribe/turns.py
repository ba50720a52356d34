"""Words and speech spans of every channel → the turns and events of a call.

The same :class:`TurnBuilder` makes the turns of a whole call and those of a call that is still
being read. A turn is final once nothing that is still to come can precede or join it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceguard.domain import Event, Role, Span, Turn, Word

#: A party that goes on after a pause shorter than this, uninterrupted, is in the same turn.
JOIN_MS = 900
#: Silence and overlap are reported from these lengths on.
SILENCE_MS, OVERLAP_MS = 3_000, 500


@dataclass(frozen=True, slots=True)
class ChannelWords:
    """What one channel said, or a stretch of it.

    Attributes:
        speech: ``(span, level in dBFS)`` of its speech, in order.
        words: in order; each within one of the spans (or timed as one, for untimed engines).
        join: whether short pauses are bridged: right where the channel is one party.
    """

    channel: int
    role: Role
    speech: tuple[tuple[Span, float], ...]
    words: tuple[Word, ...]
    join: bool


@dataclass(slots=True)
class _Utterance:
    channel: ChannelWords
    span: Span
    level: float
    words: list[Word]


class TurnBuilder:
    """Turns in order of their start, each as soon as it is final.

    Args:
        word_times: whether ``words`` are words; else they only carry text and are not kept.
    """

    def __init__(self, word_times: bool = True) -> None:
        self._word_times = word_times
        self._waiting: list[tuple[int, int, int, _Utterance]] = []
        self._fed = self._made = 0
        self._open: _Utterance | None = None

    def feed(self, stretch: ChannelWords) -> None:
        """Speech with all of its words, behind earlier stretches of the same channel."""
        for u in _utterances(stretch):
            self._fed += 1
            heapq.heappush(self._waiting, (u.span.start, u.channel.channel, self._fed, u))

    def final(self, horizon: int | None = None) -> list[Turn]:
        """Turns that are final where all that is still to be fed begins at ``horizon`` (ms) or
        later; None: nothing follows."""
        out = []
        while self._waiting and (horizon is None or self._waiting[0][0] < horizon):
            out += self._join(heapq.heappop(self._waiting)[-1])
        last = self._open
        # An utterance that waits begins at the horizon or later, as all that follows does.
        if last and (horizon is None or not last.channel.join
                     or horizon - last.span.end >= JOIN_MS):
            out += self._close()
        return out

    def _join(self, u: _Utterance) -> list[Turn]:
        """Add the next utterance; the turn that it ends, if it does not go on with it."""
        last = self._open
        if last and last.channel.channel == u.channel.channel and u.channel.join \
                and last.span.gap(u.span) < JOIN_MS:
            last.span, last.level = last.span.cover(u.span), max(last.level, u.level)
            last.words += u.words
            return []
        ended = self._close()
        self._open = u
        return ended

    def _close(self) -> list[Turn]:
        u, self._open = self._open, None
        if u is None:
            return []
        self._made += 1
        return [_turn(self._made - 1, u, self._word_times)]


def assemble(
    stretches: Iterable[ChannelWords], word_times: bool = True
) -> tuple[tuple[Turn, ...], tuple[Event, ...]]:
    """Turns in order of their start, and where nobody or everybody spoke.

    Args:
        stretches: all that every channel said, each channel's in order.
        word_times: as for :class:`TurnBuilder`.
    """
    builder = TurnBuilder(word_times)
    for stretch in stretches:
        builder.feed(stretch)
    turns = tuple(builder.final())
    return turns, _events(turns)


def _utterances(channel: ChannelWords) -> Iterable[_Utterance]:
    """The channel's speech spans with the words that lie in each; spans without words are not
    turns."""
    held: list[list[Word]] = [[] for _ in channel.speech]
    at = 0
    for word in channel.words:
        if word.span is None:
            raise ValueError("an engine must time its words")
        middle = (word.span.start + word.span.end) / 2
        while at + 1 < len(held) and middle >= channel.speech[at + 1][0].start:
            at += 1
        held[at].append(word)
    for (span, level), words in zip(channel.speech, held, strict=True):
        if words:
            yield _Utterance(channel, _trimmed(span, words), level, words)


def _trimmed(span: Span, words: list[Word]) -> Span:
    """The speech span, widened to its words where they reach beyond it."""
    first, last = words[0].span, words[-1].span
    assert first is not None and last is not None
    return Span(min(span.start, first.start), max(span.end, last.end))


def _turn(index: int, u: _Utterance, word_times: bool) -> Turn:
    known = [w.confidence for w in u.words if w.confidence is not None]
    return Turn(
        index,
        "".join(w.text for w in u.words),
        u.channel.role,
        channel=u.channel.channel,
        span=u.span,
        confidence=round(sum(known) / len(known), 3) if known else None,
        words=tuple(u.words) if word_times else (),
        level_db=u.level,
    )


def _events(turns: Sequence[Turn]) -> tuple[Event, ...]:
    """Silences between turns, and stretches in which two channels speak at once."""
    out: list[Event] = []
    reach = 0
    lasting: list[Turn] = []  # earlier turns that go on when the next one begins
    for i, turn in enumerate(turns):
        assert turn.span is not None
        if i and turn.span.start - reach >= SILENCE_MS:
            out.append(Event("silence", Span(reach, turn.span.start)))
        lasting = [t for t in lasting if t.span and t.span.end > turn.span.start]
        for other in lasting:
            if other.span and other.channel != turn.channel:
                shared = turn.span.overlap(other.span)
                if shared >= OVERLAP_MS:
                    start = max(turn.span.start, other.span.start)
                    out.append(Event("overlap", Span(start, start + shared)))
        lasting.append(turn)
        reach = max(reach, turn.span.end)
    return tuple(sorted(out, key=lambda e: (e.span, e.kind)))
