"""From checked shapes to conditions; every problem noted with its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voiceguard.errors import Problem
from voiceguard.rules import conditions as c
from voiceguard.rules.expression import parse_expression
from voiceguard.rules.measures import distance
from voiceguard.rules.names import BrokenName, Names
from voiceguard.rules.phrasing import phrase
from voiceguard.rules.schema import BELONGS, OPERATORS, ConditionModel, StepModel
from voiceguard.rules.yaml_nodes import Document, Place

#: An answer is looked for this far after its question where the rule does not say.
ANSWER = c.Distance(2, "turns")
_TIME: tuple[c.Unit, ...] = ("ms",)
_SPAN: tuple[c.Unit, ...] = ("ms", "turns")
_ACROSS: tuple[c.Unit, ...] = ("ms", "turns", "call")


class Reader:
    """Reads the conditions of one document."""

    def __init__(self, document: Document, names: Names) -> None:
        self._document, self._names = document, names

    def many(self, models: Sequence[ConditionModel], place: Place) -> tuple[c.Condition, ...]:
        """Those that are sound; the problems of the others are noted."""
        made = (self.one(m, (*place, i)) for i, m in enumerate(models))
        return tuple(m for m in made if m is not None)

    def one(self, model: ConditionModel, place: Place) -> c.Condition | None:
        """A condition, or None where it has problems."""
        before = len(self._document.problems)
        try:
            made = self._built(model, place)
        except BrokenName:
            return None
        except ValueError as error:
            self.note(place, str(error))
            return None
        return made if len(self._document.problems) == before else None

    def guard(self, model: ConditionModel, place: Place) -> c.Condition | None:
        """What speaks against a rule: as ``one``, and ``within`` alone says how near it counts."""
        used = _uses_within(model)
        if model.within is None or used:
            return self.one(model, place)
        rest = model.model_copy(update={"within": None})
        rest.model_fields_set.discard("within")
        made = self.one(rest, place)
        try:
            within = distance(model.within, ("chars", "turns", "ms"))
        except ValueError as error:
            self.note((*place, "within"), str(error))
            return None
        return None if made is None else c.Beside(made, within)

    def note(self, place: Place, message: str) -> None:
        """A problem at ``place``."""
        self._document.problems.append(
            Problem(self._document.file, self._document.line(place), message)
        )

    def expression(self, text: str) -> c.Expression:
        """Raises ValueError where it can't be read or a name means nothing."""
        return c.Expression(text, parse_expression(text, self._named))

    def _named(self, name: str) -> c.Condition:
        return c.Named(name, self._names.resolve(name))

    def _built(self, model: ConditionModel, place: Place) -> c.Condition | None:
        given = {"not" if k == "not_" else k for k in model.model_fields_set
                 if getattr(model, k) is not None}
        operators = [k for k in OPERATORS if k in given]
        users = [k for k in _WITHIN if k in given]
        if len(users) > 1:
            raise ValueError(f"{users[0]} and {users[1]} at once: nest one in all")
        if "repeated" in given and not operators:
            return self._alone(model, given, place)
        if len(operators) != 1:
            two = " or ".join(operators)
            self.note(place, f"needs either {two}: nest them in all or any to have both" if two
                      else "says nothing that could be heard: give phrase, regex, any, all …")
            return None
        operator = operators[0]
        for key, owners in BELONGS.items():
            if key in given and operator not in owners:
                self.note((*place, key), f"{key} goes with {' or '.join(owners)}, not {operator}")
        if "within" in given and not _uses_within(model):
            self.note((*place, "within"), "within goes with near, after, before, times, repeated, "
                      "script or a rule's unless")
        base = self._base(operator, model, place)
        return None if base is None else self._placed(base, model, place)

    def _base(self, operator: str, model: ConditionModel, place: Place) -> c.Condition | None:
        here = (*place, operator)
        low, high = model.at_least, model.at_most
        if low is not None and high is not None and low > high:
            self.note((*place, "at_least"), "at_least is more than at_most")
        match operator:
            case "phrase":
                assert model.phrase is not None
                return phrase(model.phrase, self._names.lists, model.sound, model.tolerance,
                              model.tone)
            case "regex":
                assert model.regex is not None
                return _pattern(model.regex)
            case "number":
                assert model.number is not None
                return c.Number(model.number, low, high)
            case "entity":
                assert model.entity is not None
                return c.Entity(model.entity)
            case "like":
                assert model.like is not None
                return _like(model.like, model.score)
            case "signal":
                assert model.signal is not None
                return c.Signal(model.signal, 0.5 if model.score is None else model.score)
            case "use":
                assert model.use is not None
                return self._named(model.use)
            case "condition":
                assert model.condition is not None
                return self.expression(model.condition)
            case "any" | "all" | "near":
                return self._several(operator, model, here)
            case "not" | "absent":
                return self._negative(operator, model, here)
            case "script":
                return self._script(model, here)
            case _:
                return _measured(operator, model)

    def _several(self, operator: str, model: ConditionModel, here: Place) -> c.Condition | None:
        models: list[ConditionModel] = getattr(model, operator)
        parts = self.many(models, here)
        if len(parts) < len(models):
            return None
        if operator == "all":
            return c.All(parts)
        if operator == "any":
            if model.of is None:
                return c.Any(parts)
            if model.of > len(parts):
                raise ValueError(f"of: {model.of} of only {len(parts)}")
            return c.AtLeast(model.of, parts)
        if model.within is None:
            raise ValueError("near needs within, such as 10 chars, 3 turns or 30s")
        within = distance(model.within)
        if not any(c.gives_evidence(p) for p in parts):
            raise ValueError("near has only what must not be heard")
        return c.Near(parts, within, model.ordered)

    def _negative(self, operator: str, model: ConditionModel, here: Place) -> c.Condition | None:
        inner = model.not_ if operator == "not" else model.absent
        assert inner is not None
        part = self.one(inner, here)
        if part is None:
            return None
        if operator == "not":
            return c.Not(part)
        if not c.gives_evidence(part):
            raise ValueError("absent: says nothing that could be heard")
        return c.Absent(part, distance(model.until or "call", _ACROSS))

    def _script(self, model: ConditionModel, here: Place) -> c.Condition | None:
        steps: list[StepModel] = model.script or []
        made = []
        for i, step in enumerate(steps):
            parts = self.many(step.any, (*here, i, "any"))
            if not all(map(c.gives_evidence, parts)):
                self.note((*here, i), "a step must be something that is heard")
            elif len(parts) == len(step.any):
                made.append(c.Step(step.step, c.Any(parts)))
        if len({s.step for s in steps}) < len(steps):
            self.note(here, "two steps have the same name")
        if len(made) < len(steps):
            return None
        if model.score is not None and model.below is not None:
            raise ValueError("script: score or below, not both")
        within = distance(model.within or "6 turns", _ACROSS)
        at_least = None if model.below is not None else model.score or 0.6
        return c.Script(tuple(made), within, at_least, model.below)

    def _placed(
        self, base: c.Condition, model: ConditionModel, place: Place
    ) -> c.Condition | None:
        """``base`` with what says where, after what and how often it must be heard."""
        first = distance(model.first, _SPAN) if model.first else None
        last = distance(model.last, _SPAN) if model.last else None
        scope = c.Scope(frozenset(model.by or ()), model.channel, first, last)
        placed = base if scope == c.Scope() else c.Scoped(base, scope)
        heard = [k for k in ("first", "last", "after", "before", "nth", "times", "repeated")
                 if getattr(model, k) is not None]
        if heard and not c.gives_evidence(base):
            raise ValueError(f"{heard[0]} needs something that is heard, not only its absence")
        if model.after is not None or model.before is not None:
            placed_ = self._anchored(placed, model, place)
            if placed_ is None:
                return None
            placed = placed_
        if sum(x is not None for x in (model.nth, model.times, model.repeated)) > 1:
            raise ValueError("nth, times and repeated at once: nest one in all")
        if model.nth is not None:
            if model.nth == 0:
                raise ValueError("nth counts from 1; -1 is the last time")
            return c.Nth(placed, model.nth)
        if model.times is not None:
            return c.Count(placed, model.times, distance(model.within or "call", _ACROSS))
        if model.repeated is not None:
            return self._repeated(model, placed)
        return placed

    def _anchored(
        self, placed: c.Condition, model: ConditionModel, place: Place
    ) -> c.Condition | None:
        make: Callable[[c.Condition, c.Condition, c.Distance], c.Condition]
        make, key, inner = ((c.After, "after", model.after) if model.after is not None
                            else (c.Before, "before", model.before))
        assert inner is not None
        anchor = self.one(inner, (*place, key))
        if anchor is None:
            return None
        if not c.gives_evidence(anchor):
            raise ValueError(f"{key}: an anchor must be something that is heard")
        within = distance(model.within, _ACROSS) if model.within else ANSWER
        return make(placed, anchor, within)

    def _alone(
        self, model: ConditionModel, given: set[str], place: Place
    ) -> c.Condition | None:
        """``repeated`` without saying what: any turns."""
        extra = given - {"repeated", "similarity", "within", "by", "channel"}
        if extra:
            raise ValueError(f"repeated and {min(extra)} without what is heard: add any or phrase")
        made = self._repeated(model, None)
        scope = c.Scope(frozenset(model.by or ()), model.channel)
        return made if scope == c.Scope() else c.Scoped(made, scope)

    @staticmethod
    def _repeated(model: ConditionModel, part: c.Condition | None) -> c.Condition:
        assert model.repeated is not None
        within = distance(model.within or "call", _ACROSS)
        return c.Repeated(part, model.repeated, model.similarity, within)


#: Operators whose reach ``within`` says; a condition has at most one of them.
_WITHIN = ("near", "script", "after", "before", "times", "repeated")


def _uses_within(model: ConditionModel) -> bool:
    return any(getattr(model, key) is not None for key in _WITHIN)


def _pattern(text: str) -> c.Pattern:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"not a valid pattern: {reason}") from None
    if compiled.search(""):
        raise ValueError("the pattern matches nothing at all, so it would hit everywhere")
    return c.Pattern(text)


def _like(sentences: list[str], score: float | None) -> c.Like:
    from voiceguard.text import normalise

    for sentence in sentences:
        if len(normalise(sentence).text) < 6:
            raise ValueError(f"like: {sentence!r} is too short: six characters or more")
    return c.Like(tuple(sentences), 0.75 if score is None else score)


def _measured(operator: str, model: ConditionModel) -> c.Condition:
    low, high = model.at_least, model.at_most
    if operator == "last_speaker":
        return c.Ending("speaker", role=model.last_speaker)
    if operator in ("silence", "delay", "interruption", "monologue"):
        length = distance(getattr(model, operator), _TIME)
        kinds: dict[str, c.AcousticKind] = {
            "silence": "silence", "delay": "delay", "interruption": "interruption",
            "monologue": "monologue",
        }
        return c.Acoustic(kinds[operator], length.amount)
    if low is None and high is None:
        raise ValueError(f"{operator} needs at_least or at_most")
    if operator == "call":
        scale = 1000 if model.call == "seconds" else 1
        least, most = (None if x is None else round(x * scale) for x in (low, high))
        return c.Ending("length" if model.call == "seconds" else "turns", least, most)
    if operator == "rate":
        return c.Acoustic("rate" if model.rate == "speed" else "rate_change", low, high)
    return c.Acoustic("level" if model.loudness == "level" else "level_change", low, high)
