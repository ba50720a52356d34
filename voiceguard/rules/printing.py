"""Conditions and rules written as YAML values again; reading them gives the same conditions."""

from __future__ import annotations

from typing import Any

from voiceguard.rules import conditions as c
from voiceguard.rules.measures import written

Plain = dict[str, Any] | str
_BOUNDED = {"rate": ("rate", "speed"), "rate_change": ("rate", "change"),
            "level": ("loudness", "level"), "level_change": ("loudness", "change")}


def printed(condition: c.Condition) -> Plain:
    """The YAML value of a condition; a plain phrase is a bare string."""
    match condition:
        case c.Phrase(text=text, sound=True, tolerance=None, tone=False):
            return text
        case c.Wording() if (one := condition.ways[0]).sound and one.tolerance is None \
                and not one.tone:
            return condition.text
        case c.Beside():
            return {**_mapping(condition.part), "within": written(condition.within)}
        case _:
            return _mapping(condition)


def _mapping(condition: c.Condition) -> dict[str, Any]:
    match condition:
        case c.Scoped():
            return {**_inner(condition.part, c.Scoped), **_scope(condition.scope)}
        case c.After():
            return {**_inner(condition.part, c.After), "after": printed(condition.anchor),
                    "within": written(condition.within)}
        case c.Before():
            return {**_inner(condition.part, c.Before), "before": printed(condition.anchor),
                    "within": written(condition.within)}
        case c.Nth():
            return {**_inner(condition.part, c.Nth), "nth": condition.n}
        case c.Count():
            return {**_inner(condition.part, c.Count), "times": condition.times,
                    "within": written(condition.within)}
        case c.Repeated():
            part = {} if condition.part is None else _inner(condition.part, c.Repeated)
            return {**part, "repeated": condition.times, "similarity": condition.similarity,
                    "within": written(condition.within)}
        case _:
            return _operator(condition)


#: What may lie within what without a nest of its own, from the outside in.
_LAYERS: tuple[tuple[type, ...], ...] = (
    (c.Nth, c.Count, c.Repeated), (c.After, c.Before), (c.Scoped,),
)


def _inner(part: c.Condition, of: type) -> dict[str, Any]:
    """``part`` in the same mapping as what is around it, nested where the two would be confused."""
    level = next(i for i, kinds in enumerate(_LAYERS) if of in kinds)
    outer = {kind for kinds in _LAYERS[: level + 1] for kind in kinds}
    made = _mapping(part)
    if of is c.Scoped and isinstance(part, c.Repeated) and part.part is None:
        return made
    alone = "within" in made and of not in (c.Scoped, c.Nth)
    return {"all": [printed(part)]} if alone or type(part) in outer else made


def _scope(scope: c.Scope) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if scope.roles:
        out["by"] = sorted(scope.roles)
    if scope.channel is not None:
        out["channel"] = scope.channel
    if scope.first is not None:
        out["first"] = written(scope.first)
    if scope.last is not None:
        out["last"] = written(scope.last)
    return out


def _operator(condition: c.Condition) -> dict[str, Any]:
    match condition:
        case c.Phrase():
            return _phrase(condition.text, condition)
        case c.Wording():
            return _phrase(condition.text, condition.ways[0])
        case c.Pattern():
            return {"regex": condition.text}
        case c.Number():
            return {"number": condition.kind, **_bounds(condition.at_least, condition.at_most)}
        case c.Entity():
            return {"entity": condition.kind}
        case c.Like():
            return {"like": list(condition.sentences), "score": condition.score}
        case c.Signal():
            return {"signal": condition.name, "score": condition.score}
        case c.Acoustic():
            return _acoustic(condition)
        case c.Ending():
            return _ending(condition)
        case c.All():
            return {"all": [printed(p) for p in condition.parts]}
        case c.Any():
            return {"any": [printed(p) for p in condition.parts]}
        case c.AtLeast():
            return {"of": condition.n, "any": [printed(p) for p in condition.parts]}
        case c.Not():
            return {"not": printed(condition.part)}
        case c.Named():
            return {"use": condition.name}
        case c.Expression():
            return {"condition": condition.text}
        case c.Near():
            ordered = {"ordered": True} if condition.ordered else {}
            return {"near": [printed(p) for p in condition.parts],
                    "within": written(condition.within), **ordered}
        case c.Absent():
            return {"absent": printed(condition.part), "until": written(condition.until)}
        case c.Script():
            return _script(condition)
        case _:
            raise TypeError(type(condition).__name__)


def _phrase(text: str, how: c.Phrase) -> dict[str, Any]:
    out: dict[str, Any] = {"phrase": text}
    if not how.sound:
        out["sound"] = False
    if how.tolerance is not None:
        out["tolerance"] = how.tolerance
    if how.tone:
        out["tone"] = True
    return out


def _acoustic(condition: c.Acoustic) -> dict[str, Any]:
    if condition.kind in _BOUNDED:
        key, value = _BOUNDED[condition.kind]
        return {key: value, **_bounds(condition.at_least, condition.at_most)}
    return {condition.kind: written(c.Distance(round(condition.at_least or 0), "ms"))}


def _ending(condition: c.Ending) -> dict[str, Any]:
    if condition.kind == "speaker":
        return {"last_speaker": condition.role}
    scale = 1000 if condition.kind == "length" else 1
    low, high = (None if x is None else x / scale for x in (condition.at_least, condition.at_most))
    return {"call": "seconds" if condition.kind == "length" else "turns", **_bounds(low, high)}


def _bounds(low: float | None, high: float | None) -> dict[str, float]:
    return {k: v for k, v in (("at_least", low), ("at_most", high)) if v is not None}


def _script(condition: c.Script) -> dict[str, Any]:
    steps = [
        {"step": s.name, "any": [printed(p) for p in c.children(s.part)]} for s in condition.steps
    ]
    judged = ({"below": condition.below} if condition.below is not None
              else {"score": condition.at_least})
    return {"script": steps, "within": written(condition.within), **judged}
