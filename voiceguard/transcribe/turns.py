"""Words and speech spans of every channel → the turns and events of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceguard.domain import Event, Role, Span, Turn, Word

#: A party that goes on after a pause shorter than this, uninterrupted, is in the same turn.
JOIN_MS = 900
#: Silence and overlap are reported from these lengths on.
SILENCE_MS, OVERLAP_MS = 3_000, 500


@dataclass(frozen=True, slots=True)
class ChannelWords:
    """What one channel said.

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


@dataclass(frozen=True, slots=True)
class _Utterance:
    channel: ChannelWords
    span: Span
    level: float
    words: tuple[Word, ...]


def assemble(
    channels: Sequence[ChannelWords], word_times: bool = True
) -> tuple[tuple[Turn, ...], tuple[Event, ...]]:
    """Turns in order of their start, and where nobody or everybody spoke.

    Args:
        word_times: whether ``words`` are words; else they only carry text and are not kept.
    """
    heard = sorted(
        (u for c in channels for u in _utterances(c)),
        key=lambda u: (u.span.start, u.channel.channel),
    )
    joined: list[_Utterance] = []
    for utterance in heard:
        last = joined[-1] if joined else None
        if last and last.channel is utterance.channel and utterance.channel.join \
                and last.span.gap(utterance.span) < JOIN_MS:
            joined[-1] = _Utterance(
                last.channel, last.span.cover(utterance.span), max(last.level, utterance.level),
                last.words + utterance.words,
            )
        else:
            joined.append(utterance)
    turns = tuple(_turn(i, u, word_times) for i, u in enumerate(joined))
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
            yield _Utterance(channel, _trimmed(span, words), level, tuple(words))


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
        words=u.words if word_times else (),
        level_db=u.level,
    )


def _events(turns: Sequence[Turn]) -> tuple[Event, ...]:
    """Silences between turns, and stretches in which two channels speak at once."""
    out: list[Event] = []
    reach = 0
    for i, turn in enumerate(turns):
        assert turn.span is not None
        if i and turn.span.start - reach >= SILENCE_MS:
            out.append(Event("silence", Span(reach, turn.span.start)))
        for other in turns[:i]:
            if other.span and other.channel != turn.channel:
                shared = turn.span.overlap(other.span)
                if shared >= OVERLAP_MS:
                    start = max(turn.span.start, other.span.start)
                    out.append(Event("overlap", Span(start, start + shared)))
        reach = max(reach, turn.span.end)
    return tuple(sorted(out, key=lambda e: (e.span, e.kind)))
