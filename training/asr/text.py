"""What the training voices say: composed call-centre sentences, and words of a dictionary.

The composed sentences (``text/*.txt``) give the language of such calls; strings of words drawn
from jieba's frequency dictionary keep the vocabulary open, so that the model writes characters
which no composed sentence holds.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np

TEXT = Path(__file__).parent / "text"
_SPEAKABLE = re.compile(r"^[\u4e00-\u9fff，。？]+$")


def sentences(folder: Path = TEXT) -> list[str]:
    """All composed sentences that hold nothing but characters and ，。？, sorted and unique."""
    lines = {
        line.strip().replace("！", "。").replace("、", "，").replace("；", "，").replace("：", "，")
        for file in sorted(folder.glob("*.txt"))
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    return sorted(line for line in lines if _SPEAKABLE.match(line) and 2 <= len(line) <= 60)


@functools.cache
def dictionary() -> tuple[list[str], np.ndarray]:
    """Words of jieba's dictionary and the chance of each: the root of its frequency."""
    import jieba

    with jieba.get_dict_file() as file:
        rows = [line.decode("utf-8").split(" ") for line in file]
    words = [(w, int(n)) for w, n, *_ in rows if re.fullmatch(r"[\u4e00-\u9fff]{1,4}", w)]
    words = [(w, n) for w, n in words if n >= 20]
    weights = np.array([n for _, n in words], float) ** 0.5
    return [w for w, _ in words], weights / weights.sum()


def word_string(rng: np.random.Generator) -> str:
    """Two to six dictionary words in a row: no sense, but open vocabulary."""
    words, chance = dictionary()
    chosen = rng.choice(len(words), size=rng.integers(2, 7), p=chance)
    return "".join(words[i] for i in chosen)


_DIGITS = "零一二三四五六七八九"


def numbers(rng: np.random.Generator) -> str:
    """An amount, a date, a time or a string of digits as spoken."""
    kind = rng.integers(4)
    d = lambda: _DIGITS[rng.integers(1, 10)]  # noqa: E731
    if kind == 0:
        return f"{d()}{rng.choice(['万', '千', '百'])}{d()}{rng.choice(['千', '百', '十', ''])}{rng.choice(['块', '元', ''])}"
    if kind == 1:
        return f"{rng.choice(['', '十'])}{d()}月{rng.choice(['', '十', '二十'])}{d()}号"
    if kind == 2:
        return f"{rng.choice(['上午', '下午', '晚上', '早上'])}{rng.choice(['', '十'])}{rng.choice(list('一两'))}点{rng.choice(['半', '', '二十'])}"
    zero_to_nine = list(_DIGITS.replace("一", "幺")) if rng.random() < 0.5 else list(_DIGITS)
    return "".join(rng.choice(zero_to_nine, size=rng.integers(3, 12)))


_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文海燕春雪峰辉鹏飞婷慧莹佳晨浩宇轩子涵梓萱思雨欣怡嘉琪俊凯博文天成永福德胜立新小龙亚楠晓东振兴家豪国庆少华庆丰长江一鸣"
_ADDRESS = ("我叫{}", "{}先生您好", "{}女士您好", "请问是{}本人吗", "我是{}的爱人", "{}在吗", "找一下{}", "我姓{}", "{}")


def names(rng: np.random.Generator) -> str:
    """A person's name, as it comes up at the start of a call."""
    given = "".join(rng.choice(list(_GIVEN), size=rng.integers(1, 3)))
    return str(rng.choice(_ADDRESS)).format(rng.choice(list(_FAMILY)) + given)


def utterance(rng: np.random.Generator, composed: list[str], open_share: float) -> str:
    """One thing to say: mostly a composed sentence or a clause of one."""
    draw = rng.random()
    if draw < open_share or not composed:
        return word_string(rng)
    if draw < open_share + 0.05:
        return numbers(rng)
    if draw < open_share + 0.07:
        return names(rng)
    line = composed[rng.integers(len(composed))]
    if rng.random() < 0.45:
        clauses = [c for c in re.split("[，。？]", line) if c]
        first = rng.integers(len(clauses))
        return "，".join(clauses[first : first + rng.integers(1, 3)])
    return line
