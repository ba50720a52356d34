"""Laws of the operators, and each of them beside a slow obvious version."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import ROLES, Match, Role, Severity, Span, Transcript, Turn
from voiceguard.match import Matcher, match_transcript
from voiceguard.rules import Rule
from voiceguard.rules import conditions as c

LETTERS = "甲乙丙"
CUSTOMER: frozenset[Role] = frozenset(("customer",))


def said(letter: str) -> c.Condition:
    return c.Pattern(letter)


turns = st.lists(
    st.tuples(st.text(alphabet="甲乙丙丁戊", max_size=6), st.sampled_from(ROLES[:2]),
              st.integers(0, 9)),
    max_size=7,
).map(lambda rows: tuple(
    Turn(i, text, role, span=Span(10_000 * i, 10_000 * i + 1000 * (length + 1)))
    for i, (text, role, length) in enumerate(rows)))
within = st.one_of(
    st.builds(c.Distance, st.integers(0, 3), st.sampled_from(["turns", "chars"])),
    st.builds(c.Distance, st.sampled_from([0, 1500, 11_000]), st.just("ms")),
    st.just(c.WHOLE_CALL))
by = st.sampled_from([frozenset(), CUSTOMER, frozenset(("agent",))])


def wider(inner: st.SearchStrategy[c.Condition]) -> st.SearchStrategy[c.Condition]:
    many = st.lists(inner, min_size=1, max_size=3).map(tuple)
    few = st.lists(inner, min_size=2, max_size=3).map(tuple)
    heard = inner.filter(c.gives_evidence)
    return st.one_of(
        st.builds(c.All, many), st.builds(c.Any, many), st.builds(c.Not, inner),
        st.builds(c.AtLeast, st.just(2), few), st.builds(c.After, inner, inner, within),
        st.builds(c.Near, few, within, st.booleans()), st.builds(c.Before, inner, inner, within),
        st.builds(c.Nth, inner, st.sampled_from([-1, 1, 2])),
        st.builds(c.Count, inner, st.just(2), within), st.builds(c.Absent, inner, st.sampled_from(
            [c.WHOLE_CALL, c.Distance(2, "turns"), c.Distance(25_000, "ms")])),
        st.builds(c.Scoped, inner, st.builds(
            c.Scope, by, st.none(), st.sampled_from([None, c.Distance(2, "turns")]),
            st.sampled_from([None, c.Distance(12_000, "ms")]))),
        st.builds(c.Repeated, inner, st.just(2), st.just(0.7), within),
        st.builds(lambda a, b: c.Script((c.Step("一", a), c.Step("二", b)),
                                        c.Distance(1, "turns"), 0.4), heard, heard),
    )


conditions = st.recursive(st.sampled_from(LETTERS).map(said), wider, max_leaves=6)


def rule(heard: c.Condition, *unless: c.Condition) -> Rule:
    severity: Severity = "low"
    return Rule("c.r", ("规则", "Rule"), "c", severity, CUSTOMER, (heard,), unless, ("x",), ("y",))


def found(heard: c.Condition, call: tuple[Turn, ...]) -> tuple[Match, ...]:
    return match_transcript(Matcher([rule(heard)]), Transcript("t", call))


def places(heard: c.Condition, call: tuple[Turn, ...]) -> list[tuple[int, int, int]]:
    """Turn and characters of all evidence."""
    return sorted({(e.turn, *e.chars) for m in found(heard, call) for e in m.evidence})


def flagged(heard: c.Condition, call: tuple[Turn, ...]) -> list[int]:
    """The last turn of every match: where the condition held."""
    return sorted(m.evidence[-1].turn for m in found(heard, call))


@given(conditions, conditions, turns)
def test_the_order_of_all_and_any_does_not_matter(
    a: c.Condition, b: c.Condition, call: tuple[Turn, ...]
) -> None:
    assert flagged(c.All((a, b)), call) == flagged(c.All((b, a)), call)
    assert places(c.Any((a, b)), call) == places(c.Any((b, a)), call)


@given(conditions, turns)
def test_not_not_is_nothing(a: c.Condition, call: tuple[Turn, ...]) -> None:
    assert found(c.Not(c.Not(a)), call) == found(a, call)


@given(conditions, conditions, turns)
def test_de_morgan(a: c.Condition, b: c.Condition, call: tuple[Turn, ...]) -> None:
    x = said("丁")
    for made, same in (
        (c.Not(c.Any((a, b))), c.All((c.Not(a), c.Not(b)))),
        (c.Not(c.All((a, b))), c.Any((c.Not(a), c.Not(b)))),
        (c.Not(c.AtLeast(2, (a, b))), c.Any((c.Not(a), c.Not(b)))),
    ):
        assert flagged(c.All((x, made)), call) == flagged(c.All((x, same)), call)


@given(conditions, turns)
def test_nothing_both_holds_and_does_not(a: c.Condition, call: tuple[Turn, ...]) -> None:
    x = said("丁")
    holds, fails = flagged(c.All((x, a)), call), flagged(c.All((x, c.Not(a))), call)
    alone = flagged(x, call)
    shown = {t.index for t in call if t.role == "customer" and "丁" in t.text}
    assert set(alone) == shown
    assert {t for t in alone if t not in fails} <= set(holds)


@given(conditions, conditions, turns)
def test_turn_by_turn_is_the_whole_call_and_evidence_is_the_flagged_partys(
    a: c.Condition, guard: c.Condition, call: tuple[Turn, ...]
) -> None:
    matcher = Matcher([rule(a, guard)])
    whole = match_transcript(matcher, Transcript("t", call))
    live = [m for t in call for m in matcher.feed(t)]
    assert (*live, *matcher.finish()) == whole
    for match in whole:
        assert match.evidence
        assert not {e.turn for e in match.evidence} & set(match.context)
        for e in match.evidence:
            turn = call[e.turn]
            assert turn.role == "customer"
            assert e.how == "absence" or e.text == turn.text[slice(*e.chars)]
            assert turn.span is not None and e.span is not None
            assert turn.span.start <= e.span.start <= e.span.end <= turn.span.end


@given(st.lists(conditions, min_size=1, max_size=3), turns)
def test_many_rules_find_what_each_finds_alone(
    some: list[c.Condition], call: tuple[Turn, ...]
) -> None:
    from dataclasses import replace

    rules = [replace(rule(a), id=f"c.r{i}") for i, a in enumerate(some)]
    together = match_transcript(Matcher(rules), Transcript("t", call))
    apart = [m for r in rules for m in match_transcript(Matcher([r]), Transcript("t", call))]
    assert sorted(together, key=repr) == sorted(apart, key=repr)


def slow_near(letters: str, call: tuple[Turn, ...], n: int, unit: str, ordered: bool) -> set[int]:
    """Last turns of all choices of one place each whose neighbours are no more than ``n`` apart."""
    def where(letter: str) -> list[tuple[int, int]]:
        return [(t.index, i) for t in call if t.role == "customer"
                for i, ch in enumerate(t.text) if ch == letter]

    out = set()
    for chosen in product(*map(where, letters)):
        row = list(chosen) if ordered else sorted(chosen)
        apart = [b[0] - a[0] if unit == "turns" else (b[1] - a[1] - 1 if a[0] == b[0] else 99)
                 for a, b in pairwise(row)]
        if len(set(chosen)) == len(chosen) and row == sorted(row) and max(apart) <= n:
            out.add(row[-1][0])
    return out


@given(turns, st.sampled_from(["甲乙", "甲甲", "甲乙丙"]), st.integers(0, 3),
       st.sampled_from(["turns", "chars"]), st.booleans())
def test_near_is_what_trying_everything_finds(
    call: tuple[Turn, ...], letters: str, n: int, unit: str, ordered: bool
) -> None:
    near = c.Near(tuple(map(said, letters)), c.Distance(n, unit), ordered)  # type: ignore[arg-type]
    assert set(flagged(near, call)) == slow_near(letters, call, n, unit, ordered)


@given(turns, st.integers(0, 3))
def test_after_and_before_are_what_trying_everything_finds(
    call: tuple[Turn, ...], n: int
) -> None:
    asked = [t.index for t in call if t.role == "agent" and "甲" in t.text]
    told = [t.index for t in call if t.role == "customer" and "乙" in t.text]
    distance = c.Distance(n, "turns")
    assert flagged(c.After(said("乙"), said("甲"), distance), call) == [
        t for t in told if any(0 < t - a <= n for a in asked)]
    assert flagged(c.Before(said("乙"), said("甲"), distance), call) == [
        t for t in told if any(0 < a - t <= n for a in asked)]


def test_what_is_kept_of_a_long_call_is_bounded() -> None:
    import gc

    a, b = said("甲"), c.Scoped(said("乙"), c.Scope(frozenset(("agent",))))
    every = c.Any((
        c.Near((a, b), c.Distance(2, "turns")), c.Near((a, b), c.Distance(9000, "ms")),
        c.Near((a, a), c.WHOLE_CALL), c.After(a, b, c.Distance(3, "turns")),
        c.Before(a, b, c.Distance(3, "turns")), c.Count(a, 3, c.WHOLE_CALL), c.Nth(a, 2),
        c.Absent(b, c.Distance(5, "turns")), c.Repeated(a, 3, 0.7, c.WHOLE_CALL),
        c.Scoped(a, c.Scope(last=c.Distance(4, "turns"))),
    ))
    call = Matcher([rule(every)]).open()
    counts = []
    for i in range(3000):
        call.feed(Turn(i, "甲" * (i % 3) + "乙", ROLES[i % 2],
                       span=Span(1000 * i, 1000 * i + 900)))
        if i in (999, 2999):
            gc.collect()
            counts.append(len(gc.get_objects()))
    assert counts[1] - counts[0] < 200
