"""Scripts: which steps were heard, in what order, and how close together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from voiceguard.match.conditions.counting import OfCall
from voiceguard.match.conditions.found import Found, Verdict, gap, joined
from voiceguard.match.conditions.stream import Stream
from voiceguard.match.conditions.view import TurnView
from voiceguard.rules.conditions import Distance, Script

#: Places of a step that are kept: the first ones.
_KEPT = 30


@dataclass(frozen=True, slots=True)
class Run:
    """A script as it was heard.

    Attributes:
        heard: ``(step, place)`` in order of place; each step at most once.
        score: coverage · order · closeness.
    """

    heard: tuple[tuple[int, Found], ...]
    score: float


def best_run(places: Sequence[Sequence[Found]], within: Distance) -> Run:
    """The best way to read the places of each step as one run through the script.

    The longest chain of steps in order is taken (of equal ones the most compact), then the steps
    that were heard elsewhere.
    """
    every = sorted(((p.place, step, p) for step, ps in enumerate(places) for p in ps),
                   key=lambda x: (x[0], x[1]))
    chain = _longest([(step, p) for _, step, p in every])
    have = {step for step, _ in chain}
    rest = [(step, ps[0]) for step, ps in enumerate(places) if ps and step not in have]
    heard = tuple(sorted([*chain, *rest], key=lambda x: x[1].place))
    if not heard:
        return Run((), 0.0)
    coverage = len(heard) / len(places)
    order = len(chain) / len(heard)
    near = [_closeness(a, b, within) for (_, a), (_, b) in pairwise(heard)]
    closeness = sum(near) / len(near) if near else 1.0
    return Run(heard, round(coverage * order * closeness, 3))


def _longest(row: Sequence[tuple[int, Found]]) -> list[tuple[int, Found]]:
    """The longest subsequence with rising steps; of equally long ones the one that begins last."""
    best: list[list[tuple[int, Found]]] = []
    for i, (step, found) in enumerate(row):
        before = [b for j, b in enumerate(best) if row[j][0] < step
                  and row[j][1].place < found.place]
        longest = max(before, key=lambda b: (len(b), b[0][1].place), default=[])
        best.append([*longest, row[i]])
    return max(best, key=lambda b: (len(b), b[0][1].place), default=[])


def _closeness(a: Found, b: Found, within: Distance) -> float:
    """1 within the distance, then falling as the gap grows; 1 where it can't be measured."""
    if within.unit == "call":
        return 1.0
    apart = gap(a, b, within.unit)
    if apart is None or apart <= within.amount:
        return 1.0
    return within.amount / apart


class ScriptStream(OfCall):
    """A script, judged when the call has ended."""

    def __init__(
        self, kids: Sequence[Stream], script: Script, mark: Callable[[TurnView], Found | None]
    ) -> None:
        super().__init__(kids, mark)
        self._script = script
        self._places: list[list[Found]] = [[] for _ in kids]
        self._turns: list[int] = []

    def row(self, view: TurnView, verdicts: list[Verdict]) -> list[Verdict]:
        for places, verdict in zip(self._places, verdicts, strict=True):
            places += list(verdict or ())[: _KEPT - len(places)]
        self.wait(view, True)
        self._turns.append(view.turn.index)
        return []

    def end(self) -> list[Verdict]:
        script, out = self._script, [None for _ in self._turns]
        run = best_run(self._places, script.within)
        if script.below is not None:
            fires = run.score < script.below and self.shown is not None
        else:
            fires = run.score >= (script.at_least or 0.0) and bool(run.heard)
        if not fires:
            return list[Verdict](out)
        made = self._made(run)
        verdicts: list[Verdict] = [*out]
        verdicts[self._turns.index(made.turn)] = (made,)
        return verdicts

    def _made(self, run: Run) -> Found:
        steps = self._script.steps
        named = [
            replace(place, evidence=tuple(
                replace(e, how="script", step=steps[i].name) for e in place.evidence
            ))
            for i, place in run.heard
        ]
        heard = "、".join(f"{steps[i].name}（第{f.turn + 1}句）" for i, f in run.heard)
        done = {i for i, _ in run.heard}
        missing = "、".join(s.name for i, s in enumerate(steps) if i not in done)
        notes = [f"话术{len(steps)}步听到{len(done)}步" + (f"：{heard}" if heard else "")]
        if missing:
            notes.append(f"缺少：{missing}")
        own = [f for f in named if f.own]
        if self._script.below is not None and not own:
            assert self.shown is not None
            named.append(self.shown)
        return joined(named, "script", tuple(notes), run.score)
