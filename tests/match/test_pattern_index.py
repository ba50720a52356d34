"""The index may spare patterns that can't match, and never one that does."""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import Turn
from voiceguard.match import Matcher
from voiceguard.match.patterns import PatternIndex
from voiceguard.rules import load_library
from voiceguard.rules.conditions import Pattern, walk
from voiceguard.text import normalise

RULES = load_library().rules
PATTERNS = tuple(dict.fromkeys(
    c.text for r in RULES for whole in (r.heard, *r.unless) for c in walk(whole)
    if isinstance(c, Pattern)))
EXAMPLES = [text for r in RULES for text in (*r.hits, *r.misses)]


def test_every_pattern_of_the_library_that_matches_an_example_is_tried() -> None:
    index = PatternIndex(PATTERNS)
    texts = [normalise(t).text for t in EXAMPLES[::60]]
    compiled = {p: re2.compile(p) for p in PATTERNS}
    tried = 0
    for text in texts:
        matching = {p for p, c in compiled.items() if c.search(text)}
        possible = index.possible(text)
        assert matching <= possible
        tried += len(possible)
    assert tried < len(texts) * len(PATTERNS) / 20  # else the index is of no use


pieces = st.sampled_from(["停息", "挂账", "律师", "a", "12", "一", "的", "K", "\ue0f0", "ſ", "İ"])
patterns = st.recursive(
    st.sampled_from(["停息", "挂账", "律师", "a", "(?i)k", ".", "[一二]", "\\d", "^", "$", ""]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        inner.map(lambda one: f"(?:{one})*"),
        inner.map(lambda one: f"(?:{one}){{1,3}}"),
    ), max_leaves=6,
)


@given(st.lists(patterns, max_size=5), st.lists(pieces, max_size=6).map("".join))
def test_any_pattern_that_matches_is_possible(many: list[str], text: str) -> None:
    possible = PatternIndex(many).possible(text)
    assert {p for p in many if re2.search(p, text)} <= possible


def test_matches_are_those_of_trying_everything() -> None:
    quick = Matcher(RULES)
    slow = Matcher(RULES)
    slow._patterns.possible = lambda turn: frozenset(PATTERNS)  # type: ignore[method-assign]
    turns = [Turn(i, text, "unknown") for i, text in enumerate(EXAMPLES[::150])]
    found = [quick.feed(turn) for turn in turns]
    assert found == [slow.feed(turn) for turn in turns]
    assert sum(map(len, found)) > 5


def test_a_filter_that_fails_costs_time_and_no_match() -> None:
    index = PatternIndex(PATTERNS[:50])

    class Failing:
        def Match(self, text: str, potential: bool) -> None:
            return None

    index._filters = [(Failing(), texts) for _, texts in index._filters]
    assert set(PATTERNS[:50]) <= index.possible("停息挂账")
