from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import Role, Span, Word
from voiceguard.transcribe import ChannelWords, TurnBuilder, assemble
from voiceguard.transcribe.turns import JOIN_MS, OVERLAP_MS

Said = tuple[int, int, str]


def channel(number: int, role: Role, *spans: Said, join: bool = True) -> ChannelWords:
    words = []
    for start, end, text in spans:
        step = (end - start) / max(1, len(text))
        words += [Word(c, Span(round(start + i * step), round(start + (i + 1) * step)), 0.8)
                  for i, c in enumerate(text)]
    return ChannelWords(number, role, tuple((Span(a, b), -20.0) for a, b, _ in spans),
                        tuple(words), join)


def test_turns_alternate_in_order_of_time() -> None:
    turns, events = assemble([
        channel(0, "agent", (0, 1000, "您好"), (3000, 4000, "请问")),
        channel(1, "customer", (1500, 2500, "哪位")),
    ])
    assert [(t.index, t.role, t.text) for t in turns] == [
        (0, "agent", "您好"), (1, "customer", "哪位"), (2, "agent", "请问")]
    assert events == ()


def test_a_short_pause_does_not_end_a_turn_unless_the_other_speaks() -> None:
    alone, _ = assemble([channel(0, "agent", (0, 1000, "您好"), (1500, 2500, "请问"))])
    assert [t.text for t in alone] == ["您好请问"]
    assert alone[0].span == Span(0, 2500)
    other, _ = assemble([
        channel(0, "agent", (0, 1000, "您好"), (1500, 2500, "请问")),
        channel(1, "customer", (1100, 1400, "嗯")),
    ])
    assert [t.text for t in other] == ["您好", "嗯", "请问"]


def test_one_channel_for_all_parties_is_not_joined() -> None:
    both = channel(0, "unknown", (0, 1000, "您好"), (1200, 2000, "哪位"), join=False)
    turns, _ = assemble([both])
    assert [t.text for t in turns] == ["您好", "哪位"]


def test_speech_without_words_is_no_turn() -> None:
    turns, _ = assemble([channel(0, "agent", (0, 1000, ""), (2000, 3000, "您好"))])
    assert [t.text for t in turns] == ["您好"]


def test_silence_and_overlap_are_events() -> None:
    _, events = assemble([
        channel(0, "agent", (0, 2000, "您好您好"), (9000, 9500, "喂")),
        channel(1, "customer", (1000, 3000, "哪位哪位")),
    ])
    assert [(e.kind, e.span) for e in events] == [
        ("overlap", Span(1000, 2000)), ("silence", Span(3000, 9000))]


texts = st.sampled_from(["嗯", "好的", "您好请问"])
spans = st.lists(st.tuples(st.integers(0, 1500), st.integers(200, 3000), texts), max_size=12)


def laid_out(parts: list[Said]) -> list[Said]:
    at, out = 0, []
    for pause, length, text in parts:
        out.append((at + pause, at + pause + length, text))
        at += pause + length
    return out


@given(spans, spans)
def test_no_word_is_lost_or_moved(a: list[Said], b: list[Said]) -> None:
    channels = [channel(0, "agent", *laid_out(a)), channel(1, "customer", *laid_out(b))]
    turns, _ = assemble(channels)
    for c in channels:
        mine = [t for t in turns if t.channel == c.channel]
        assert "".join(t.text for t in mine) == "".join(w.text for w in c.words)
        assert [w for t in mine for w in t.words] == list(c.words)
    assert [t.index for t in turns] == list(range(len(turns)))
    starts = [t.span.start for t in turns if t.span]
    assert starts == sorted(starts)
    for t in turns:
        assert t.span is not None
        for word in t.words:
            assert word.span is not None
            assert t.span.start <= word.span.start <= word.span.end <= t.span.end


@given(spans, spans, st.booleans(), st.randoms(use_true_random=False))
def test_turns_that_come_early_are_those_of_the_whole(
    a: list[Said], b: list[Said], join: bool, chance: random.Random
) -> None:
    """Spans come one at a time from either channel; each time, all that is final must be right
    already, and with the end everything is."""
    left = [laid_out(a), laid_out(b)]
    roles: tuple[Role, Role] = ("agent", "customer")
    whole, _ = assemble(channel(i, roles[i], *left[i], join=join) for i in (0, 1))
    builder, out = TurnBuilder(), []
    while any(left):
        i = chance.choice([i for i in (0, 1) if left[i]])
        builder.feed(channel(i, roles[i], left[i].pop(0), join=join))
        heads = [part[0][0] for part in left if part]
        out += builder.final(min(heads) if heads else 10**9)
        assert out == list(whole[: len(out)])
        sure = [t for t in whole if t.span and heads and t.span.end + JOIN_MS <= min(heads)]
        assert len(out) >= len(sure)  # nothing is held back for longer than it must be
    assert (*out, *builder.final()) == whole


@given(spans, spans)
def test_overlaps_are_those_of_comparing_every_pair(a: list[Said], b: list[Said]) -> None:
    turns, events = assemble(
        [channel(0, "agent", *laid_out(a)), channel(1, "customer", *laid_out(b))])
    pairs = [(x.span, y.span) for x in turns for y in turns
             if x.index < y.index and x.channel != y.channel and x.span and y.span]
    slow = sorted(Span(max(x.start, y.start), min(x.end, y.end)) for x, y in pairs
                  if x.overlap(y) >= OVERLAP_MS)
    assert [e.span for e in events if e.kind == "overlap"] == slow
