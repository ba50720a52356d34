"""All guards over the windows of a channel, and what they say about it in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from voiceguard.domain import Notice, Span, Turn, Word
from voiceguard.transcribe.guards.doubt import Doubt, too_fast, unlikely, without_sound
from voiceguard.transcribe.guards.heard import Heard, Sound, hear
from voiceguard.transcribe.guards.loops import Past, loops
from voiceguard.transcribe.guards.sentences import echoed_hints, known_inventions
from voiceguard.transcribe.options import GuardOptions

#: Guards that look at one window, in order; loops come between, for they look back.
_BEFORE: tuple[tuple[str, Callable[[Heard, GuardOptions], list[Doubt]]], ...] = (
    ("sound", without_sound), ("sentences", known_inventions), ("hints", echoed_hints),
)
_AFTER: tuple[tuple[str, Callable[[Heard, GuardOptions], list[Doubt]]], ...] = (
    ("rate", too_fast), ("confidence", unlikely),
)
_MOST_PLACES = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a guard did.

    Attributes:
        code: of the warning.
        span: the text's place in the recording.
        dropped: comparable characters left out; 0 where text was only marked or moved in time.
    """

    code: str
    channel: int
    span: Span
    dropped: int = 0


class Guard:
    """The guards of one channel; windows are fed in their order."""

    def __init__(self, options: GuardOptions) -> None:
        self._options = options
        self._past = Past()
        self._sounded = 0

    def feed(self, sound: Sound, words: Sequence[Word]) -> tuple[tuple[Word, ...], list[Finding]]:
        """The words of a window that are believed, with times that make sense."""
        options, findings = self._options, list[Finding]()
        heard = hear(sound, words, options, self._sounded)
        self._sounded = heard.sounded
        if "times" in options.active and heard.changed:
            findings.append(Finding("word_times_repaired", sound.channel, _mended(heard)))
        for name, check in _BEFORE:
            if name in options.active:
                heard = _apply(heard, check(heard, options), findings)
        if "loops" in options.active:
            doubts, self._past = loops(heard, self._past)
            heard = _apply(heard, doubts, findings)
        for name, check in _AFTER:
            if name in options.active:
                heard = _apply(heard, check(heard, options), findings)
        return heard.kept_words(), findings


def guard(
    windows: Iterable[tuple[Sound, Sequence[Word]]], options: GuardOptions
) -> tuple[tuple[Word, ...], tuple[Finding, ...]]:
    """The believed words of a whole channel, whose windows come in order, and all findings."""
    one = Guard(options)
    kept: list[Word] = []
    findings: list[Finding] = []
    for sound, words in windows:
        mine, found = one.feed(sound, words)
        kept += mine
        findings += found
    return tuple(kept), tuple(findings)


def guard_notices(findings: Iterable[Finding], turns: Sequence[Turn]) -> tuple[Notice, ...]:
    """One warning for each turn and kind of finding; where the turn went with its text, the warning
    is about the call. Times and lengths only: warnings are printed, too."""
    grouped: dict[tuple[int | None, str, int], list[Finding]] = {}
    for finding in findings:
        turn = _turn_of(finding, turns)
        grouped.setdefault((turn, finding.code, finding.channel), []).append(finding)
    order = sorted(grouped, key=lambda k: (min(f.span for f in grouped[k]), k[2], k[1]))
    return tuple(_notice(code, grouped[turn, code, channel], turn)
                 for turn, code, channel in order)


def _apply(heard: Heard, doubts: list[Doubt], findings: list[Finding]) -> Heard:
    for doubt in doubts:
        findings.append(Finding(doubt.code, heard.sound.channel, heard.span(doubt.a, doubt.b),
                                doubt.b - doubt.a if doubt.drop else 0))
    return heard.without(i for d in doubts if d.drop for i in range(d.a, d.b))


def _mended(heard: Heard) -> Span:
    spans = [s for i in heard.changed if (s := heard.words[i].span) is not None]
    return Span(min(s.start for s in spans), max(s.end for s in spans))


def _turn_of(finding: Finding, turns: Sequence[Turn]) -> int | None:
    """The turn of that channel which holds most of the finding."""
    def shared(turn: Turn) -> tuple[int, bool]:
        assert turn.span is not None
        touches = turn.span.start <= finding.span.start <= turn.span.end
        return turn.span.overlap(finding.span), touches

    mine = [t for t in turns if t.channel == finding.channel and t.span is not None]
    best = max(mine, key=shared, default=None)
    return best.index if best is not None and any(shared(best)) else None


def _notice(code: str, found: list[Finding], turn: int | None) -> Notice:
    spans = sorted({f.span for f in found})
    places = ", ".join(f"{s.start / 1000:.1f}–{s.end / 1000:.1f} s" for s in spans[:_MOST_PLACES])
    if len(spans) > _MOST_PLACES:
        places += f" and {len(spans) - _MOST_PLACES} more"
    where = f"{places} on channel {found[0].channel}"
    dropped = sum(f.dropped for f in found)
    left_out = f"{dropped} characters were left out"
    match code:
        case "text_in_silence":
            return Notice("text_in_silence", f"text where nothing can be heard: {left_out}, "
                          f"{where}", turn)
        case "known_invention":
            return Notice("known_invention", "a sentence that recognisers invent (subtitle credits "
                          f"and the like): {left_out}, {where}", turn)
        case "echoed_hints":
            return Notice("echoed_hints", "the recogniser repeated its hints instead of what was "
                          f"said: {left_out}, {where}", turn)
        case "repetition_loop":
            return Notice("repetition_loop", "the recogniser wrote the same over and over: "
                          f"{left_out}, the first time was kept, {where}", turn)
        case "impossible_rate":
            return Notice("impossible_rate", "more text than can be said in the time: "
                          f"{left_out}, {where}", turn)
        case "low_confidence":
            return Notice("low_confidence", "the recogniser was not sure of its words: listen to "
                          f"{where}", turn)
        case "word_times_repaired":
            return Notice("word_times_repaired", "the recogniser's times were reversed, "
                          f"overlapping or out of the speech and were repaired, {where}", turn)
    return Notice("maybe_invented", "text that recognisers tend to invent was kept, for it can "
                  f"have been said: listen to {where}", turn)
