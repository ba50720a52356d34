"""Invented text goes, what was said stays, and times make sense, whatever a recogniser writes."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inventing import HINTS, KINDS, TALK, Case, Scripted, Studio

from voiceguard.domain import Piece, Span, Turn, Window, Word
from voiceguard.text import normalise
from voiceguard.transcribe import GUARDS, Finding, GuardOptions, guard, guard_notices, listen
from voiceguard.transcribe.guards.heard import syllables
from voiceguard.transcribe.guards.loops import repetitions
from voiceguard.transcribe.guards.times import mend

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = GuardOptions(hints=HINTS)


def believed(
    cases: list[Case], options: GuardOptions = OPTIONS, order: int = 0
) -> tuple[tuple[Word, ...], tuple[Finding, ...]]:
    """The cases as one channel, through a recogniser that answers in any order."""
    engine = Scripted({c.window.id: c.words for c in cases}, order)
    heard = dict(engine.transcribe(c.window for c in cases))
    return guard([(listen(c.window), heard[c.window.id]) for c in cases], options)


def text_of(words: tuple[Word, ...] | list[Word]) -> str:
    return "".join(w.text for w in words)


def test_of_500_inventions_495_are_caught_and_what_was_said_beside_them_stays() -> None:
    studio = Studio(20_240_701)
    missed: Counter[str] = Counter()
    hurt: Counter[str] = Counter()
    for n in range(500):
        kind = KINDS[n % len(KINDS)]
        cases = getattr(studio, kind)()
        words, findings = believed(cases)
        kept = set(words)
        wanted = {c.words[i] for c in cases for i in c.invented}
        caught = len(wanted & kept) <= 0.1 * len(wanted) and findings
        if kind == "unsure":
            caught = [f.code for f in findings] == ["low_confidence"]
        missed[kind] += not caught
        hurt[kind] += any(c.words[i] not in kept for c in cases for i in c.kept)
    assert missed.total() <= 5, missed
    assert hurt.total() <= 5, hurt


def test_of_5000_genuine_repetitions_at_most_5_are_touched() -> None:
    studio = Studio(7_002)
    count, touched = 0, []
    while count < 5000:
        cases: list[Case] = []
        for _ in range(4):
            cases.append(studio.genuine(cases[-1].window.pieces[-1].span.end + 600 if cases else 0))
            count += len(cases[-1].window.pieces)
        words, _ = believed(cases)
        said = [w for c in cases for w in c.words]
        if len(words) < len(said):
            touched.append((text_of(said), text_of(words)))
    assert len(touched) <= 5, touched


def test_an_answer_in_any_order_gives_the_same() -> None:
    studio = Studio(3)
    for _ in range(5):
        cases = studio.loop_across()
        assert believed(cases, order=0) == believed(cases, order=1)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("sentence", "sentences"), ("sign_off", "sentences"), ("in_silence", "sound"),
     ("too_fast", "rate"), ("echo", "hints"), ("unsure", "confidence"), ("loop_across", "loops")],
)
def test_each_guard_can_be_switched_off(kind: str, name: str) -> None:
    cases = getattr(Studio(1), kind)()
    others = replace(OPTIONS, active=tuple(g for g in GUARDS if g != name))
    said = tuple(w for c in cases for w in c.words)
    assert believed(cases, replace(OPTIONS, active=(name,)))[1]
    assert believed(cases, replace(OPTIONS, active=()))[0] == said
    codes = {f.code for f in believed(cases, others)[1]}
    assert not codes & {f.code for f in believed(cases, replace(OPTIONS, active=(name,)))[1]}


def one(text: str, seconds: float, *, rate: float = 5, level: float = -20) -> Case:
    """A window of one piece in which ``text`` is written from the start, at ``rate``."""
    studio = Studio(5)
    case = Case(studio.window([round(seconds * 1000)], level, start=1000))
    case.words = studio.spread(text, 1160, min(1160 + round(len(text) / rate * 1000),
                                               case.window.pieces[0].span.end))
    return case


@pytest.mark.parametrize(
    ("text", "seconds", "rate", "kept", "code"),
    [
        # Credits: script, punctuation, spaces and one or two characters do not matter.
        ("請不吝點讚、訂閱、轉發！", 4, 5, "", "known_invention"),
        ("请不吝点赞 订阅 专发 打赏支持明镜与点点拦目", 6, 5, "", "known_invention"),
        ("我知道了。字幕由Ａｍａｒａ.org社群提供", 6, 5, "我知道了。", "known_invention"),
        ("中文字幕志愿者 某某某", 4, 5, "", "known_invention"),
        ("下个月发工资就还 字幕 制作", 4, 5, "下个月发工资就还 ", "known_invention"),
        # Sign-offs alone, and as they sound.
        ("谢谢观看", 2, 5, "", "known_invention"),
        ("谢谢，关看。", 2, 5, "", "known_invention"),
        ("好的，谢谢观看", 3, 5, "好的，", "known_invention"),
        # In a talk they may have been said: marked. Where there was no time for them: gone.
        ("您看一下还款方式谢谢观看", 5, 5, "您看一下还款方式谢谢观看", "maybe_invented"),
        ("谢谢", 1, 5, "谢谢", None),
        ("好的谢谢再见", 2, 5, "好的谢谢再见", None),
        ("我要点赞你们客服小李服务好", 4, 5, "我要点赞你们客服小李服务好", None),
        # Repetitions with time and sound for them.
        ("喂喂喂喂喂喂", 2, 5, "喂喂喂喂喂喂", None),
        ("哈" * 18, 4, 6, "哈" * 18, None),
        ("不是不是不是", 1.5, 6, "不是不是不是", None),
        ("八八八八八八", 2, 5, "八八八八八八", None),
        ("13800138000，13800138000", 5.5, 5, "13800138000，13800138000", None),
        ("你们凭什么骗我你们凭什么骗我你们凭什么骗我", 4, 6,
         "你们凭什么骗我你们凭什么骗我你们凭什么骗我", None),
        # The same without time.
        ("你们凭什么骗我" * 3, 1.5, 6, "你们凭什么骗我", "repetition_loop"),
        ("我知道了，" * 5, 1.2, 50, "我知道了，", "repetition_loop"),
        ("我知道了，" * 20 + "我知", 26, 4.5, "我知道了，", "repetition_loop"),
        # Pace.
        ("您名下有一笔贷款已经逾期了请问您今天能处理多少", 0.8, 40, "", "impossible_rate"),
        ("一共是10000000元", 1.6, 12, "一共是10000000元", None),
        # Hints.
        ("安逸花，马上贷，备用金。", 3, 5, "", "echoed_hints"),
        ("我要办安逸花", 2, 5, "我要办安逸花", None),
        ("我们这边现在有安逸花马上贷和别的产品", 5, 5, "我们这边现在有安逸花马上贷和别的产品",
         "maybe_invented"),
        ("安逸花", 1.2, 4, "安逸花", None),
    ],
)
def test_what_is_kept_of(text: str, seconds: float, rate: float, kept: str, code: str) -> None:
    words, findings = believed([one(text, seconds, rate=rate)])
    assert text_of(words) == kept
    assert [f.code for f in findings] == ([code] if code else [])


def test_every_listed_sentence_is_known_and_credits_with_a_character_wrong_too() -> None:
    listed = yaml.safe_load(files("voiceguard.transcribe.guards").joinpath("sentences.yaml")
                            .read_text("utf-8"))
    assert set(listed) == {"credits", "sign_offs"}
    for text in (*listed["credits"], *listed["sign_offs"]):
        words, findings = believed([one(text, 3 + len(text) / 5)])
        assert not any(c.isalnum() for c in text_of(words)), text
        assert [f.code for f in findings] == ["known_invention"], text
    for text in listed["credits"]:
        plain = normalise(text).text
        if len(plain) >= 6:
            wrong = plain[:3] + "乜" + plain[4:]
            assert believed([one("我知道了" + wrong, 3 + len(text) / 4)])[1], text


def test_talk_is_no_list_of_known_sentences() -> None:
    for truth in sorted((ROOT / "samples" / "truth").glob("*.json")):
        for turn in json.loads(truth.read_text("utf-8"))["turns"]:
            text = turn["text"]
            case = one(text, len(text) / 5 + 1)
            assert believed([case]) == (tuple(case.words), ()), text


def test_a_soft_second_voice_is_a_voice() -> None:
    studio = Studio(8)
    window = studio.window([3000, 3000], -18, start=0)
    piece = window.pieces[1]
    window.samples[piece.at * 16 : piece.end * 16] *= 10 ** (-30 / 20)
    said = studio.spoken(TALK[0], window.pieces[0]) + studio.spoken("你就说没钱", piece)
    case = Case(window, said)
    words, findings = believed([case])
    assert words == tuple(case.words)
    assert findings == ()


def test_a_segment_may_be_timed_into_one_of_the_pieces_it_fills() -> None:
    """Engines that time segments put a long one into the piece that holds its middle."""
    window = Studio(8).window([2500, 700, 2500], -20, start=0)
    case = Case(window, [Word(TALK[2] + TALK[13], window.pieces[1].span)])
    assert believed([case]) == (tuple(case.words), ())


@pytest.mark.parametrize("words", [
    [], [Word("……", Span(1000, 1200))], [Word("", Span(1000, 1000)), Word("。", None)],
])
def test_nothing_to_compare_is_nothing_to_doubt(words: list[Word]) -> None:
    case = Case(Studio(8).window([800], -20, start=1000), words)
    kept, findings = believed([case])
    assert text_of(kept) == text_of(words)
    assert {f.code for f in findings} <= {"word_times_repaired"}


def test_people_call_into_a_dead_line_again_and_again() -> None:
    studio = Studio(9)
    window = studio.window([900] * 18, -20, start=0)
    words = [w for p in window.pieces for w in studio.spoken("喂？"[:1], p)]
    assert believed([Case(window, words)]) == (tuple(words), ())
    announced = studio.window([2600] * 9, -20, start=0)
    said = [w for p in announced.pieces for w in studio.spoken("您拨打的电话正在通话中", p)]
    kept, findings = believed([Case(announced, said)])
    assert kept == tuple(said)
    assert [f.code for f in findings] == ["maybe_invented"]


@pytest.mark.parametrize(
    ("text", "count"),
    [("您好", 2), ("10000", 2), ("13800138000", 7), ("app", 1), ("wifi密码", 4), ("ありがとう", 5),
     ("", 0)],
)
def test_syllables(text: str, count: int) -> None:
    assert syllables(text) == count


@given(st.text("甲乙丙丁", min_size=1, max_size=6), st.integers(5, 9),
       st.text("戊己庚", max_size=4))
def test_an_exact_repetition_is_found_whole(unit: str, times: int, before: str) -> None:
    text = before + unit * times
    found = repetitions(text)
    assert found
    assert found[-1][-1][1] >= len(text) - len(unit) + 1
    assert found[-1][0][0] <= len(before) + len(unit)


def test_a_text_without_repetition_has_none() -> None:
    assert repetitions("您名下有一笔贷款已经逾期了请问您今天能处理多少") == []


# Times.

ANY = st.one_of(
    st.none(),
    st.tuples(*[st.floats(-5e4, 2e5) | st.sampled_from([math.nan, math.inf, -math.inf])] * 2),
)


def pieces_of(r: random.Random) -> tuple[Piece, ...]:
    out, at, now = [], 0, r.randrange(50_000)
    for _ in range(r.randint(1, 6)):
        length = r.choice([1, 20, 440, r.randint(100, 9000)])
        out.append(Piece(Span(now, now + length), at))
        at, now = at + length + 400, now + length + r.choice([0, 1, 500, 4000])
    return tuple(out)


def check_times(spans: list[Span], pieces: tuple[Piece, ...]) -> None:
    assert all(any(p.span.start <= s.start <= s.end <= p.span.end for p in pieces) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_of_10000_lists_no_time_is_negative_reversed_overlapping_or_past_the_end() -> None:
    r = random.Random(4)
    silent = Studio(1).window([100], -120).samples
    for n in range(10_000):
        pieces = pieces_of(r)
        low, high = pieces[0].span.start - 3000, pieces[-1].span.end + 30_000

        def moment(low: int = low, high: int = high) -> float:
            return r.choice([r.uniform(low, high), -1.0, math.nan, math.inf]) if r.random() < 0.3 \
                else r.uniform(low + 3000, high - 30_000)

        times = [None if r.random() < 0.1 else (moment(), moment())
                 for _ in range(r.randint(0, 12))]
        made, _ = mend(times, pieces)
        check_times([s for s, _ in made], pieces)
        if n % 4 == 0:  # the whole stage, with what a Word can hold of it
            words = [Word(f"字{k}", _span(t)) for k, t in enumerate(times)]
            window = Window("c:0:0", 0, pieces, silent)
            kept, findings = guard([(listen(window), words)], GuardOptions(active=("times",)))
            assert text_of(kept) == text_of(words)
            check_times([w.span for w in kept if w.span], pieces)
            assert all(w.span for w in kept)
            assert (kept != tuple(words)) == bool(findings)


def _span(time: tuple[float, float] | None) -> Span | None:
    """What a ``Span`` can hold of a time: it refuses negative and reversed ones."""
    if time is None or not all(map(math.isfinite, time)) or min(time) < 0:
        return None
    return Span(round(min(time)), round(max(time)))


@given(st.lists(ANY, max_size=20), st.integers(0, 1000))
def test_mended_times_are_in_order_inside_their_pieces(
    times: list[tuple[float, float] | None], seed: int
) -> None:
    pieces = pieces_of(random.Random(seed))
    made, changed = mend(times, pieces)
    check_times([s for s, _ in made], pieces)
    assert all(times[i] == (s.start, s.end) for i, (s, _) in enumerate(made) if i not in changed)


def test_one_wrong_time_moves_no_other_word() -> None:
    piece = Piece(Span(0, 4000), 0)
    good = [(0.0, 500.0), (500.0, 900.0), (90_000.0, 91_000.0), (1500.0, 2000.0), (2000.0, 2500.0)]
    made, changed = mend(good, [piece])
    assert changed == {2: True}
    assert [(s.start, s.end) for s, _ in made] == [
        (0, 500), (500, 900), (900, 1500), (1500, 2000), (2000, 2500)]


# Warnings.

def test_a_warning_names_times_and_no_words() -> None:
    studio = Studio(12)
    for kind in KINDS:
        cases = getattr(studio, kind)()
        _, findings = believed(cases)
        said = {w.text for c in cases for w in c.words if not w.text.isascii()}
        for notice in guard_notices(findings, ()):
            assert " s on channel 0" in notice.message
            assert not any(word in notice.message for word in said)


def test_a_warning_is_on_its_turn_and_on_the_call_where_the_turn_went_with_its_text() -> None:
    turns = [Turn(0, "a", channel=0, span=Span(0, 5000)),
             Turn(1, "b", channel=1, span=Span(0, 9000)),
             Turn(2, "c", channel=0, span=Span(8000, 12_000))]
    found = [Finding("repetition_loop", 0, Span(9000, 11_000), 40),
             Finding("repetition_loop", 0, Span(11_500, 11_900), 7),
             Finding("known_invention", 0, Span(6000, 7000), 9),
             Finding("word_times_repaired", 1, Span(9000, 9000))]  # at the very end of its turn
    notices = guard_notices(found, turns)
    assert [(n.code, n.turn) for n in notices] == [
        ("known_invention", None), ("word_times_repaired", 1), ("repetition_loop", 2)]
    assert notices[2].message == (
        "the recogniser wrote the same over and over: 47 characters were left out, the first time "
        "was kept, 9.0–11.0 s, 11.5–11.9 s on channel 0")
