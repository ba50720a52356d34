"""Simulated recogniser errors."""

from __future__ import annotations

import random

from rapidfuzz.distance import Levenshtein

from voiceguard.domain import Transcript, Turn
from voiceguard.evaluate import garble, garbled
from voiceguard.text import fold, sounds

TEXT = "您好请问是李先生吗我这边是消费金融的客服您的贷款已经逾期三十五天了今天能处理吗" * 40


def test_errors_come_at_the_rate_asked_and_in_their_kinds() -> None:
    heard = garble(TEXT, 0.2, random.Random(1))
    edits = Levenshtein.editops(TEXT, heard)
    kinds = {kind: sum(e.tag == kind for e in edits) for kind in ("replace", "delete", "insert")}
    assert 0.17 < len(edits) / len(TEXT) < 0.23
    assert kinds["replace"] / len(edits) > 0.7
    assert 0.07 < kinds["delete"] / len(edits) < 0.2
    assert 0.03 < kinds["insert"] / len(edits) < 0.15


def test_what_is_written_instead_sounds_alike() -> None:
    for char in "停息挂账":
        heard = {garble(char, 1.0, random.Random(i)) for i in range(60)} - {"", char * 2}
        assert len(heard) > 3
        want = fold(sounds(char).pinyin[0].rstrip("12345"))
        assert {fold(sounds(h).pinyin[0].rstrip("12345")) for h in heard} == {want}


def test_nothing_else_is_touched_and_a_seed_repeats_itself() -> None:
    assert garble("ABC 123，。", 1.0, random.Random(0)) == "ABC 123，。"
    call = Transcript("c", (Turn(0, TEXT, "agent"), Turn(1, "好的", "customer")))
    assert garbled(call, 0.1, 3) == garbled(call, 0.1, 3) != garbled(call, 0.1, 4)
    assert [t.role for t in garbled(call, 0.5, 0).turns] == ["agent", "customer"]
