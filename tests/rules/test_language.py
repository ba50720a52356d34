"""Conditions read, written and read again; what is broken says so and nothing else happens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.errors import RulesError
from voiceguard.rules import conditions as c
from voiceguard.rules import load_library
from voiceguard.rules.measures import distance, written
from voiceguard.rules.names import Names
from voiceguard.rules.parse import condition, named
from voiceguard.rules.phrasing import phrase
from voiceguard.rules.printing import printed
from voiceguard.rules.yaml_nodes import Document

words = st.sampled_from(
    ["停息挂账", "按…二十九条", "签(了)委托书", "找[老师|群主]", "去%regulator", "律师函"])
lengths = st.sampled_from(["3 turns", "10s", "1500ms", "call"])
leaves = st.one_of(
    words,
    st.fixed_dictionaries({"phrase": words}, optional={
        "sound": st.booleans(), "tolerance": st.integers(0, 3), "tone": st.booleans()}),
    st.sampled_from([
        {"regex": "(甲|乙).{0,3}丙"}, {"number": "amount", "at_least": 3000.0},
        {"entity": "phone"}, {"like": ["我现在没有能力还款"], "score": 0.8},
        {"signal": "coached"}, {"use": "threat"}, {"condition": "threat && !(threat || ask)"},
        {"silence": "5s"}, {"rate": "change", "at_least": 1.5},
        {"loudness": "level", "at_most": -9.5},
        {"call": "seconds", "at_most": 5}, {"last_speaker": "agent"}, {"repeated": 3},
        {"repeated": 2, "by": ["agent"]},
        {"script": [{"step": "一", "any": ["你好先生"]}, {"step": "二", "any": ["欠款逾期"]}]},
        {"script": [{"step": "一", "any": ["你好先生"]}, {"step": "二", "any": ["欠款逾期"]}],
         "below": 0.5, "within": "20s"},
    ]),
)


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    many = st.lists(inner, min_size=2, max_size=3)
    heard = st.one_of(
        st.fixed_dictionaries({"any": many}), st.fixed_dictionaries({"all": many}),
        st.fixed_dictionaries({"any": many, "of": st.just(2)}), st.fixed_dictionaries(
            {"phrase": words}))
    placed = st.one_of(
        st.fixed_dictionaries({"by": st.sampled_from(["agent", ["customer", "third_party"]])}),
        st.fixed_dictionaries({"first": st.sampled_from(["30s", "2 turns"]),
                               "channel": st.integers(0, 1)}),
        st.fixed_dictionaries({"last": st.just("2 min"), "nth": st.sampled_from([-1, 1, 3])}),
        st.fixed_dictionaries({"after": inner}, optional={"within": lengths}),
        st.fixed_dictionaries({"before": inner, "within": lengths, "nth": st.just(2)}),
        st.fixed_dictionaries({"times": st.integers(2, 4)}, optional={"within": lengths}),
        st.fixed_dictionaries({"repeated": st.just(2), "similarity": st.just(0.8)}),
    )
    return st.one_of(
        heard, st.tuples(heard, placed).map(lambda p: {**p[0], **p[1]}),
        st.fixed_dictionaries({"not": inner}), st.fixed_dictionaries({"absent": inner}),
        st.fixed_dictionaries({"near": many, "within": lengths, "ordered": st.booleans()}),
    )


texts = st.recursive(leaves, nested, max_leaves=8)


def known() -> Names:
    document = Document("x", "")
    made = Names()
    made.define({"regulator": ["银保监会", "金融监管局"]}, {"threat": "去投诉", "ask": "怎么办"},
                document, named)
    assert not document.problems
    return made


KNOWN = known()


def read(value: object) -> tuple[c.Condition | None, list[str]]:
    document = Document("x.yaml", yaml.safe_dump(value, allow_unicode=True))
    return (condition(document.value, document, (), KNOWN), [str(p) for p in document.problems])


@given(texts)
def test_reading_what_was_written_gives_the_same(value: object) -> None:
    made, problems = read(value)
    assert (made is None) == bool(problems)
    if made is not None:
        assert read(printed(made)) == (made, [])


def test_every_shipped_condition_survives_printing() -> None:
    library = load_library()
    for rule in library.rules[::7]:
        for part in (*rule.any, *rule.all):
            assert read(printed(part)) == (part, []) or any(
                isinstance(p, c.Named | c.Expression) for p in c.walk(part))


@given(st.one_of(
    st.builds(c.Distance, st.integers(0, 99_999), st.just("ms")),
    st.builds(c.Distance, st.integers(0, 999), st.sampled_from(["turns", "chars"])),
    st.just(c.WHOLE_CALL)))
def test_lengths_survive_printing(length: c.Distance) -> None:
    assert distance(written(length)) == length


@pytest.mark.parametrize(
    ("text", "ms"), [("30s", 30_000), ("1.5 s", 1500), ("2 min", 120_000), ("250ms", 250)])
def test_times(text: str, ms: int) -> None:
    assert distance(text) == c.Distance(ms, "ms")


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("签(了)字", ["签字", "签了字"]),
        ("[找|请]老师", ["找老师", "请老师"]),
        ("找%who(的)", ["找老师", "找老师的", "找群主", "找群主的"]),
        ("找[老(大)哥|%who]", ["找老哥", "找老大哥", "找老师", "找群主"]),
        ("（真的）没钱", ["没钱", "真的没钱"]),
        ("签…(授权)委托书", ["签…委托书", "签…授权委托书"]),
    ],
)
def test_what_a_phrase_stands_for(text: str, ways: list[str]) -> None:
    made = phrase(text, {"who": ("老师", "群主")})
    assert isinstance(made, c.Wording)
    assert sorted(w.text for w in made.ways) == sorted(ways)


HEAD = """\
library: {name: mine, version: 1.0.0}
lists: {who: [老师, 群主]}
conditions:
  asked: {any: [怎么办, 是什么], note: 在问}
  late: 逾期了
rules:
"""
RULE = """\
  - id: anti_collection.taught
    title: {zh: 群里教的, en: Taught in a group}
    category: anti_collection
    severity: medium
    roles: [customer]
    any:
      - 找%who(来)教
      - {phrase: 是的, after: {phrase: 有人教, by: agent}, within: 2 turns}
      - near: [停息, {regex: '挂(账|帐)'}, {not: 没有}]
        within: 6 chars
      - script: [{step: 一, any: [困难得很]}, {step: 二, any: [停息挂账]}]
        score: 0.7
      - {number: amount, at_least: 100, first: 30s}
      - {condition: '!asked && (late || late)'}
    unless: [{use: asked, within: 5 chars}]
    when: {direction: outbound, days_overdue: {at_least: 3}}
    valid_from: 2024-01-01
    examples: {hit: [群里教我这样说], miss: [群里通知开会]}
"""


def test_names_may_be_defined_in_any_order(tmp_path: Path) -> None:
    text = HEAD.replace("conditions:\n", "conditions:\n  taught: {all: [{use: late}, 老师]}\n")
    text += RULE
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    (rule,) = load_library(tmp_path).rules
    assert len(rule.any) == 6


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("%who", "%whom", 12, "no word list 'whom'"),
        ("late || late", "late || ", 18, "a name is missing"),
        ("late || late", "asked || nobody", 18, "no condition 'nobody'"),
        ("within: 6 chars", "within: 6 pages", 14, "is no length"),
        ("{step: 一, any", "{stap: 一, any", 16, "unknown key"),
        ("days_overdue: {at_least", "days_overdue: {atleast", 20, "unknown key"),
        ("first: 30s", "first: 30 chars", 18, "does not fit"),
        ("who: [老师, 群主]", "who: []", 2, "empty entry or none"),
        ("asked: {any", "and: {any", 4, "no name for a condition"),
        ("怎么办, 是什么]", "{use: asked}]", 4, "means itself: asked → asked"),
        ("valid_from: 2024-01-01", "valid_from: soon", 21, "valid_from"),
    ],
)
def test_a_problem_is_found_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    text = HEAD + RULE
    assert old in text
    (tmp_path / "mine.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(RulesError) as caught:
        load_library(tmp_path)
    found = [str(p).removeprefix(f"{tmp_path}/") for p in caught.value.problems]
    assert any(says in f for f in found), found
    assert any(abs(int(f.split(":")[1]) - line) <= 2 for f in found if says in f), found


def test_only_what_must_not_be_heard_is_no_rule(tmp_path: Path) -> None:
    for broken in ("{not: 投诉}", "{condition: '!asked'}", "{any: [投诉, {not: 没有}]}"):
        rule = RULE[: RULE.index("    any:")] + f"    any: [{broken}]\n" + RULE[
            RULE.index("    examples"):]
        (tmp_path / "mine.yaml").write_text(HEAD + rule, "utf-8")
        with pytest.raises(RulesError, match="1 problem"):
            load_library(tmp_path)


def test_ten_thousand_broken_files_give_typed_problems_only() -> None:
    """Edits of a file that uses the whole language, by a seeded chance."""
    from voiceguard.rules.parse import rule as read_rule
    from voiceguard.rules.parse import validated
    from voiceguard.rules.schema import RuleFile

    chance = random.Random(2)
    lines = RULE.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if "any:" in line) + 1
    # One condition a file: every kind of it is broken often, and reading is quick.
    entries = [lines[first : first + 1], lines[first + 1 : first + 2], lines[first + 2 : first + 4],
               lines[first + 4 : first + 6], lines[first + 6 : first + 7]]
    pieces = ["{", "}", "[", "]", ": ", ", ", "- ", "\n", "  ", "'", "any", "not", "near", "null",
              "3", "-1", "1e9", "*a", "&a", "%", "…", "(", "|", "\x00", "\U0001f600", "all: []",
              "{not: {not: 投诉}}", "within: call", "of: 2", "times: 2", "? ", "!!int", "~", "投诉"]
    sound = 0
    for _ in range(10_000):
        broken = "".join([HEAD, *lines[:first], *chance.choice(entries), *lines[first + 8 :]])
        for _ in range(chance.randint(1, 2)):
            a = chance.randrange(len(broken))
            b = min(len(broken), a + chance.choice((0, 0, 1, 2, 5)))
            broken = broken[:a] + chance.choice(pieces) + broken[b:]
        document = Document("x.yaml", broken)
        head = validated(RuleFile, document.value, document)
        if head is not None:
            names = Names()
            names.define(head.lists, head.conditions, document, named)
            made = [read_rule(raw, document, ("rules", i), {"anti_collection"}, "x", names)
                    for i, raw in enumerate(head.rules)]
            assert all(made) or document.problems
            sound += all(made)
        else:
            assert document.problems or document.value is None
        assert all(p.message and (p.line or 0) >= 1 for p in document.problems)
    assert 500 < sound < 9500, sound
