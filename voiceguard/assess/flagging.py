"""From what rules matched to flags that a person can check: weighed, timed and explained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from voiceguard.domain import SEVERITIES, Evidence, Flag, Match, Severity, Span, Transcript, Turn
from voiceguard.rules import Library, Rule
from voiceguard.text import normalise

#: From so many turns on a call is long enough for a second sign of what is going on.
WHOLE = 5

_HEARD = {
    "exact": "说了“{text}”",
    "regex": "说了“{text}”",
    "near": "先后说到“{matched}”（原话“{text}”）",
    "script": "说了“{text}”（话术步骤“{step}”）",
    "semantic": "的这句话带有“{matched}”的意思（把握 {score:.2f}）",
    "sound": "说了“{text}”，读音同“{matched}”（相似度 {score:.2f}）",
    "fuzzy": "说了“{text}”，读音近“{matched}”（相似度 {score:.2f}）",
}
_WHO = {
    "agent": "坐席",
    "customer": "客户",
    "third_party": "第三方",
    "unknown": "通话人（角色不明）",
}


@dataclass(frozen=True, slots=True)
class FlagOptions:
    """When a flag should be listened to before anything is done about it.

    Attributes:
        unsure_below: confidence of the recogniser in the words of the evidence.
        hints: terms that the recogniser was told beforehand, which it may then invent.
    """

    unsure_below: float = 0.5
    hints: tuple[str, ...] = ()


def flag_matches(
    matches: Iterable[Match], transcript: Transcript, library: Library, options: FlagOptions
) -> tuple[Flag, ...]:
    """A flag for every match, in order of time and rule."""
    rules = {rule.id: rule for rule in library.rules}
    hints = tuple(normalise(h).text for h in options.hints)
    flags = [_flag(m, rules[m.rule], transcript, options, hints) for m in matches]
    if len(transcript.turns) >= WHOLE and len({turn for f in flags for turn in f.turns}) == 1:
        flags = [_alone(f) for f in flags]
    return tuple(sorted(flags, key=lambda f: (f.turns, f.evidence[0].chars, f.rule)))


def _alone(flag: Flag) -> Flag:
    """The only thing in a whole call. Who acts for an agency or is being defrauded says so more
    than once; one sentence in an ordinary call can sound like anything, and most calls are
    ordinary."""
    if flag.severity == "critical":
        return flag
    return replace(flag, severity="low", needs_listening=True,
                   explanation=flag.explanation[:-1] + "；整通电话只有这一处线索，请先听录音。")


def _flag(
    match: Match, rule: Rule, transcript: Transcript, options: FlagOptions, hints: tuple[str, ...]
) -> Flag:
    best = max(match.evidence, key=lambda e: (e.score, e.chars[1] - e.chars[0]))
    turns = tuple(sorted({e.turn for e in match.evidence}))
    confidence = _confidence(transcript.turns[best.turn], best)
    unsure = confidence is not None and confidence < options.unsure_below
    hinted = any(h and h in normalise(e.text).text for e in match.evidence for h in hints)
    severity: Severity = rule.severity
    if match.role_assumed:
        severity = min(severity, "medium", key=SEVERITIES.index)
    return Flag(
        id=_id(rule.id, best),
        rule=rule.id,
        title=rule.title[0],
        category=rule.category,
        severity=severity,
        role=match.role,
        turns=turns,
        span=_span(match.evidence),
        text=best.text,
        matched=best.matched,
        how=match.how or best.how,
        score=best.score if match.score is None else match.score,
        explanation=_explanation(match, rule, best, unsure, hinted),
        evidence=match.evidence,
        confidence=confidence,
        needs_listening=match.role_assumed or unsure or hinted,
        context=match.context,
    )


def _id(rule: str, evidence: Evidence) -> str:
    """The same rule at the same place in the same words has the same id."""
    place = f"{rule}|{evidence.turn}|{evidence.chars}|{evidence.text}"
    return hashlib.blake2b(place.encode(), digest_size=6).hexdigest()


def _span(evidence: tuple[Evidence, ...]) -> Span | None:
    spans = [e.span for e in evidence if e.span is not None]
    if not spans:
        return None
    return Span(min(s.start for s in spans), max(s.end for s in spans))


def _confidence(turn: Turn, evidence: Evidence) -> float | None:
    """Of the words of the evidence, else of its turn."""
    at, known = 0, []
    a, b = evidence.chars
    for word in turn.words:
        if at < b and at + len(word.text) > a and word.confidence is not None:
            known.append(word.confidence)
        at += len(word.text)
    return round(sum(known) / len(known), 3) if known else turn.confidence


def _explanation(match: Match, rule: Rule, best: Evidence, unsure: bool, hinted: bool) -> str:
    told = "，".join(_told(match, best))
    parts = [f"{_WHO[match.role]}{told}，符合规则“{rule.title[0]}”"]
    if match.context:
        asked = "、".join(f"第{turn + 1}句" for turn in match.context)
        parts.append(f"前后语境见{asked}")
    if rule.note:
        parts.append(rule.note.rstrip("。"))
    if match.role_assumed:
        parts.append("说话人角色未知，请先听录音确认是谁说的")
    if unsure:
        parts.append("识别把握不足，请先听录音确认原话")
    if hinted:
        parts.append("命中的是预先提示给识别引擎的词，请先听录音确认原话")
    return "；".join(parts) + "。"


def _told(match: Match, best: Evidence) -> list[str]:
    """What was heard, or not, and what was found beyond the words."""
    if match.how == "script" or best.how in ("absence", "acoustic"):
        return list(match.notes) or [f"符合“{best.matched}”"]
    if match.how == "near" and len(match.evidence) > 1:
        pieces = "、".join(_piece(e) for e in match.evidence)
        return [f"前后说到{pieces}", *match.notes]
    told = _HEARD[best.how].format(
        text=best.text, matched=best.matched, score=best.score, step=best.step
    )
    return [told, *match.notes]


def _piece(evidence: Evidence) -> str:
    if evidence.how in ("sound", "fuzzy"):
        return f"“{evidence.text}”（音近“{evidence.matched}”）"
    return f"“{evidence.text}”"
