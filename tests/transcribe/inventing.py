"""Windows with sound, what people really say in them, and a recogniser that invents.

Sound is noise in bursts, one a syllable, over a soft line; times of genuine words err as those of
cross-attention do: whole phrases are shifted, some words have no length. Nothing here knows how the
guards decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from voiceguard.domain import RATE, Engine, Piece, Span, Window, Word
from voiceguard.transcribe import Sound, TranscribeOptions, listen

GAP_MS = 400
NOISE = np.random.default_rng(0).standard_normal(40 * RATE, np.float32)
HINTS = ("安逸花", "马上贷", "备用金", "优享卡", "循环额度")
TALK = (
    "您好请问是李先生吗", "我这边是消费金融的客服", "您名下有一笔贷款已经逾期了",
    "我现在手上没有钱", "能不能再宽限几天", "下个月发工资就还", "您看一下短信里的还款方式",
    "我知道了我会尽快处理", "这个利息是怎么算的", "上个月不是已经扣过了吗",
    "麻烦您核对一下身份证后四位", "我要投诉你们这个服务态度", "合同是在手机上签的",
    "请问您今天能处理多少", "这个电话是我朋友的", "好的那就先这样",
)
CREDITS = (
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目",
    "字幕由Amara.org社群提供", "字幕由 Amara.org 社區提供",
    "优优独播剧场——YoYo Television Series Exclusive", "中文字幕志愿者 杨茜茜",
    "中文字幕志願者 李宗盛", "字幕志愿者 杨栋梁", "MING PAO CANADA // MING PAO TORONTO",
    "Thanks for watching!", "Thank you for watching.", "ご視聴ありがとうございました",
    "字幕製作:貝爾", "시청해주셔서 감사합니다.", "MBC 뉴스 이덕영입니다.",
    "明鏡需要您的支持 歡迎訂閱明鏡", "歡迎訂閱我的頻道", "Subtitles by the Amara.org community",
    "チャンネル登録よろしくお願いします",
)
SIGN_OFFS = (
    "谢谢观看", "謝謝觀看", "感谢您的观看", "謝謝大家收看", "我们下期再见", "謝謝收聽",
    "感谢收看。",
)


@dataclass
class Case:
    """A window, the words a recogniser gives for it, and what of them is invented.

    ``invented`` and ``kept`` are indices of words: what must go, and what must stay.
    """

    window: Window
    words: list[Word] = field(default_factory=list)
    invented: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    @property
    def sound(self) -> Sound:
        return listen(self.window)


class Scripted:
    """A Transcriber that says what it is told for each window, in any order."""

    longest = 28_000

    def __init__(
        self, script: Mapping[str, Iterable[Word]] | Callable[[Window], Iterable[Word]],
        order: int = 0,
    ) -> None:
        self._say = script if callable(script) else lambda window: script[window.id]
        self._order = order

    @property
    def engine(self) -> Engine:
        return Engine("scripted", "1", "none", None, "zh", TranscribeOptions().record())

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        held = [(w.id, tuple(self._say(w))) for w in windows]
        random.Random(self._order).shuffle(held)
        yield from held


class Studio:
    """Makes cases from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._number = 0

    def window(
        self, lengths: list[int], level_db: float | None = None, *, start: int | None = None
    ) -> Window:
        """Pieces of these lengths (ms) of speech-like sound; at −75 dBFS where ``level_db`` is
        below that."""
        r = self.random
        level = r.uniform(-38, -16) if level_db is None else level_db
        at, now = 0, r.randint(0, 60_000) if start is None else start
        pieces, parts = [], []
        for length in lengths:
            pieces.append(Piece(Span(now, now + length), at))
            parts += [self._speech(length, level), np.zeros(GAP_MS * RATE // 1000, np.float32)]
            at, now = at + length + GAP_MS, now + length + r.randint(500, 3000)
        self._number += 1
        return Window(f"call:0:{self._number}", 0, tuple(pieces), np.concatenate(parts[:-1]))

    def _speech(self, ms: int, level_db: float) -> np.ndarray:
        n, step = ms * RATE // 1000, RATE // 50
        a = self.random.randrange(len(NOISE) - n)
        time = np.arange(n // step + 1) / 50
        swing = 0.15 + np.abs(np.sin(np.pi * self.random.uniform(3.5, 5.5) * time))
        edge = np.minimum(1, np.minimum(time, time[::-1]) / 0.12)
        gain = (10 ** (level_db / 20) * swing * edge + 10 ** (-75 / 20)).astype(np.float32)
        return NOISE[a : a + n] * np.repeat(gain, step)[:n]

    def silent(self, window: Window, a: int, b: int) -> None:
        """Take the sound out of the window from ``a`` to ``b`` ms of it."""
        window.samples[a * RATE // 1000 : b * RATE // 1000] *= 0.001

    def length_for(self, text: str, rate: float) -> int:
        return round(len(text) / rate * 1000) + 320

    def spoken(self, text: str, piece: Piece, *, lead: int = 160) -> list[Word]:
        """``text`` said from the beginning to the end of ``piece``, timed as recognisers do."""
        r = self.random
        a, b = piece.span.start + lead, piece.span.end - lead
        shift = max(-400, min(400, r.gauss(0, 130)))
        marks = [a + (b - a) * k / len(text) + shift + r.gauss(0, 25) for k in range(len(text) + 1)]
        if r.random() < 0.15 and len(text) > 3:  # some words without length
            k = r.randrange(len(text) - 2)
            marks[k + 1] = marks[k + 2] = marks[k]
        marks = sorted(min(max(round(m / 20) * 20, piece.span.start), piece.span.end)
                       for m in marks)
        confidence = r.uniform(0.5, 0.99)
        return [Word(c, Span(marks[k], marks[k + 1]), round(confidence, 3))
                for k, c in enumerate(text)]

    def spread(self, text: str, start: int, end: int, confidence: float = 0.8) -> list[Word]:
        """Characters timed evenly from ``start`` to ``end``."""
        n = max(1, len(text))
        return [Word(c, Span(start + (end - start) * k // n, start + (end - start) * (k + 1) // n),
                     confidence) for k, c in enumerate(text)]

    def changed(self, text: str, edits: int) -> str:
        """``text`` with some characters replaced, left out or doubled."""
        out = list(text)
        for _ in range(edits):
            k = self.random.randrange(len(out))
            other = self.random.choice("的了一是在")
            out[k : k + 1] = self.random.choice([[other], [], [out[k]] * 2])
        return "".join(out)

    # What people really repeat.

    def repetition(self) -> tuple[str, float]:
        """What somebody says again and again, and how fast (characters a second)."""
        r = self.random
        kind = r.randrange(9)
        if kind == 0:
            return r.choice("喂好对嗯啊哎行是") * r.randint(3, 9), r.uniform(3.5, 7)
        if kind == 1:
            return "哈" * r.randint(3, 20), r.uniform(4, 7)
        if kind == 2:
            pairs = ["不是", "没有", "可以", "知道", "你好", "对啊", "好的", "谢谢", "等等", "还钱"]
            return r.choice(pairs) * r.randint(2, 7), r.uniform(4, 8)
        if kind == 3:
            return r.choice("八六零一五88660") * r.randint(3, 8), r.uniform(3, 6)
        if kind == 4:
            digits = "1" + "".join(r.choice("0123456789") for _ in range(10))
            if r.random() < 0.5:
                digits = digits.translate(str.maketrans("0123456789", "零幺二三四五六七八九"))
            return digits * r.randint(2, 3), r.uniform(3.5, 7)
        if kind == 5:
            return r.choice(TALK) * r.randint(2, 4), r.uniform(4, 8)
        if kind == 6:
            parts = ["听得到吗", "喂你好", "你说话", "怎么了", "我没钱", "别打了", "多少钱"]
            return r.choice(parts) * r.randint(2, 5), r.uniform(4, 8)
        if kind == 7:
            said = r.choice(TALK)
            return said + self.changed(said, 1) + said, r.uniform(4, 7.5)
        return r.choice(["ok", "bye"]) * r.randint(2, 4), r.uniform(6, 9)

    def genuine(self, start: int) -> Case:
        """A window of several pieces, each a repetition, sometimes within a sentence."""
        texts = []
        while not texts or (self.random.random() < 0.8 and len(texts) < 6):
            said, rate = self.repetition()
            before = self.random.choice(TALK) if self.random.random() < 0.4 else ""
            after = self.random.choice(TALK) if self.random.random() < 0.3 else ""
            whole = before + said + after
            texts.append((whole, self.length_for(whole, rate)))
        case = Case(self.window([ms for _, ms in texts], start=start))
        for (text, _), piece in zip(texts, case.window.pieces, strict=True):
            case.words += self.spoken(text, piece)
        case.kept = list(range(len(case.words)))
        return case

    # What a recogniser invents. Each gives the windows of one channel, in order.

    def _talk(self) -> tuple[str, int]:
        text = self.random.choice(TALK[:8])
        return text, self.length_for(text, self.random.uniform(4, 7))

    def _beside_talk(self, length: int) -> tuple[Case, Piece]:
        """A sentence that was said, and a second piece still without words."""
        text, ms = self._talk()
        case = Case(self.window([ms, length]))
        case.words = self.spoken(text, case.window.pieces[0])
        case.kept = list(range(len(case.words)))
        return case, case.window.pieces[1]

    def _add(self, case: Case, words: list[Word]) -> None:
        case.invented += range(len(case.words), len(case.words) + len(words))
        case.words += words

    def sentence(self) -> list[Case]:
        """A known sentence, in a window of noise or after talk, as it stands or a little changed.
        """
        r = self.random
        text = r.choice(CREDITS)
        if len(text) >= 10 and r.random() < 0.5:
            text = self.changed(text.replace(" ", ""), r.randint(1, 2))
        if r.random() < 0.5:
            case, piece = self._beside_talk(r.randint(1500, 6000))
        else:
            case = Case(self.window([r.randint(1500, 6000)]))
            piece = case.window.pieces[0]
        inside = piece.span
        end = r.choice([inside.end, inside.start + 500 + 120 * len(text)])
        self._add(case, self.spread(text, inside.start + 100, min(end, inside.end)))
        return [case]

    def sign_off(self) -> list[Case]:
        """Thanks for watching, in a window of noise that says nothing else."""
        text = self.random.choice(SIGN_OFFS)
        case = Case(self.window([self.random.randint(700, 9000)]))
        span = case.window.pieces[0].span
        self._add(case, self.spread(text, span.start, span.end))
        return [case]

    def loop(self) -> list[Case]:
        """The same over and over: piled up at the end, squeezed in, or without end; some vary."""
        r = self.random
        size = r.choice([1, 2, 3, 4, 5, 6, 8, 12, 16, 20, 30])
        pool = "".join(r.sample(TALK[8:], 4))
        unit = pool[:size] if size > 1 else r.choice("的我你了谢喂嗯")
        low, high = (6, 12) if size > 8 else (12, 40) if size > 2 else (45, 120)
        times = r.randint(low, high)
        varied = size >= 6 and r.random() < 0.4
        rest = "".join(self.changed(unit, 1) if varied and r.random() < 0.5 else unit
                       for _ in range(times - 1))
        shape = r.choice(["piled", "squeezed", "endless"])
        if shape == "endless":
            length = min(26_000, round((len(rest) + size) / 6.5 * 1000))
            case = Case(self.window([length]))
            piece = case.window.pieces[0]
        else:
            length = self.length_for(unit, 5) if shape == "piled" else r.randint(800, 2500)
            case, piece = self._beside_talk(max(length, 700))
        a, b = piece.span.start, piece.span.end
        first = b - 100 if shape == "piled" else a + (b - a) // times
        head = self.spread(unit, a, first)
        case.words += head
        if shape != "squeezed":  # there the first time has no room either
            case.kept += range(len(case.words) - len(head), len(case.words))
        self._add(case, self.spread(rest, first, b))
        return [case]

    def loop_across(self) -> list[Case]:
        """One sentence fills window after window."""
        r = self.random
        unit = r.choice(TALK)
        out: list[Case] = []
        now = 1000
        for k in range(r.randint(3, 5)):
            per = r.randint(3, 5)
            case = Case(self.window([self.length_for(unit * per, 8)], start=now))
            span = case.window.pieces[0].span
            words = self.spread(unit * per, span.start, span.end)
            case.words = words
            # Said three times in a row it may have been, for all that a guard can know by then.
            if k == 0:
                case.kept = list(range(len(unit)))
            else:
                case.invented = list(range(len(words))) if k > 1 else []
            out.append(case)
            now = span.end + 200
        return out

    def in_silence(self) -> list[Case]:
        """Text where nothing can be heard: a silent window, or a silent stretch of one."""
        r = self.random
        text = r.choice(TALK)
        if r.random() < 0.5:
            case = Case(self.window([r.randint(1500, 5000)], level_db=-120))
            span = case.window.pieces[0].span
            self._add(case, self.spread(text, span.start, span.end))
            return [case]
        case, piece = self._beside_talk(r.randint(3000, 6000))
        self.silent(case.window, piece.at, piece.end)
        self._add(case, self.spread(text, piece.span.start + 200, piece.span.end - 200))
        return [case]

    def too_fast(self) -> list[Case]:
        """More text than a short piece has room for."""
        r = self.random
        case, piece = self._beside_talk(r.randint(440, 1500))
        text = "".join(r.sample(TALK[8:], 7))
        text = text[: max(14, round(r.uniform(20, 60) * piece.span.duration / 1000))]
        self._add(case, self.spread(text, piece.span.start, piece.span.end))
        return [case]

    def echo(self) -> list[Case]:
        """The hints, in their order, instead of what was said."""
        r = self.random
        first = r.randrange(3)
        text = "，".join(HINTS[first : r.randint(first + 3, 5)]) + "。"
        if r.random() < 0.5:
            case, piece = self._beside_talk(r.randint(1000, 6000))
        else:
            case = Case(self.window([r.randint(1000, 6000)]))
            piece = case.window.pieces[0]
        self._add(case, self.spread(text, piece.span.start, piece.span.end))
        return [case]

    def unsure(self) -> list[Case]:
        """A sentence that the recogniser itself holds for unlikely: to be marked, not dropped."""
        text, ms = self._talk()
        case = Case(self.window([ms]))
        span = case.window.pieces[0].span
        case.words = self.spread(text, span.start, span.end, self.random.uniform(0.02, 0.2))
        case.kept = list(range(len(case.words)))
        return [case]


KINDS = ("sentence", "sign_off", "loop", "loop_across", "in_silence", "too_fast", "echo", "unsure")
