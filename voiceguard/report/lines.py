"""A call as lines of text in order of time: subtitles, Audacity labels, a page to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from voiceguard.domain import CallReport, Flag, Span, Turn
from voiceguard.errors import OutputError
from voiceguard.report.document import all_notices, ordered_flags
from voiceguard.report.exporter import Exhibit, only
from voiceguard.report.wording import (
    DISPOSITION,
    HOW,
    METADATA,
    NEEDS_LISTENING,
    NO_RISK,
    OUTCOME,
    RISK,
    ROLES,
    SEVERITY,
    both,
    clock,
    flags_by_turn,
    metadata,
    pair,
    worst,
)

# Everything that ends a line or a field somewhere, and the control characters.
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")


class SrtExporter:
    """SubRip subtitles: a cue a turn, a line above it where it is flagged."""

    name = "srt"
    suffix = ".srt"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        cues = []
        for number, (turn, span, flags) in enumerate(_cues(only(exhibits, self.name), "srt"), 1):
            times = f"{clock(span.start, ',')} --> {clock(span.end, ',')}"
            mark = f"⚠ {_escaped(flags)}\n" if flags else ""
            text = f"{pair(ROLES, turn.role)[0]}：{_escaped(flat(turn.text))}"
            cues.append(f"{number}\n{times}\n{mark}{text}\n")
        out.write(_encoded("\n".join(cues)))


class VttExporter:
    """WebVTT subtitles: the speaker as a voice, the flag as a class that players may style."""

    name = "vtt"
    suffix = ".vtt"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        cues = ["WEBVTT\n"]
        for number, (turn, span, flags) in enumerate(_cues(only(exhibits, self.name), "vtt"), 1):
            times = f"{clock(span.start)} --> {clock(span.end)}"
            mark = f"<c.flag>⚠ {_escaped(flags)}</c>\n" if flags else ""
            role = pair(ROLES, turn.role)[0]
            cues.append(f"{number}\n{times}\n{mark}<v {role}>{_escaped(flat(turn.text))}</v>\n")
        out.write(_encoded("\n".join(cues)))


class AudacityExporter:
    """A label track for Audacity: flags and turns, ``start<TAB>end<TAB>label`` in seconds."""

    name = "audacity"
    suffix = ".labels.txt"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        exhibit = only(exhibits, self.name)
        report = exhibit.report
        labels = [
            (flag.span, 0, f"⚠ {_named(exhibit, flag)}: {flat(flag.text)}")
            for flag in ordered_flags(report)
            if flag.span
        ]
        labels += [
            (span, 1, f"{pair(ROLES, turn.role)[0]}: {flat(turn.text)}")
            for turn, span in _timed(report, "audacity")
        ]
        labels.sort(key=lambda label: (label[0].start, label[1]))
        out.write(_encoded("".join(
            f"{span.start / 1000:.3f}\t{span.end / 1000:.3f}\t{text}\n" for span, _, text in labels
        )))  # fmt: skip


class TxtExporter:
    """A page to read: what the call is, what to do, and the transcript with flags between."""

    name = "txt"
    suffix = ".txt"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        exhibit = only(exhibits, self.name)
        report = exhibit.report
        by_turn = flags_by_turn(ordered_flags(report))
        rows = _heading(report)
        told: set[str] = set()
        for turn in report.transcript.turns:
            flags = by_turn.get(turn.index, [])
            margin = f"⚠ {pair(SEVERITY, worst(flags))[0]}" if flags else ""
            time = clock(turn.span.start) if turn.span else "--:--:--.---"
            role = pair(ROLES, turn.role)[0]
            rows.append(f"{time}  {_wide(margin, 6)}{_wide(role, 8)}{flat(turn.text)}")
            # A flag over several turns is explained once, at the first of them.
            rows += [
                f"{'':28}{line}"
                for flag in flags
                if flag.id not in told
                for line in _explained(exhibit, flag)
            ]
            told.update(flag.id for flag in flags)
        loose = [flag for flag in ordered_flags(report) if flag.id not in told]
        if loose:
            rows += ["", "整通标记 Flags of the whole call"]
            rows += [line for flag in loose for line in _explained(exhibit, flag)]
        out.write(_encoded("\n".join(rows) + "\n"))


def flat(text: str) -> str:
    """``text`` on one line: line ends, tabs and control characters become single spaces."""
    return _BREAKS.sub(" ", text).strip()


def _cues(exhibit: Exhibit, name: str) -> list[tuple[Turn, Span, str]]:
    """Turns with something to show, their times (never empty) and names of their flags."""
    by_turn = flags_by_turn(ordered_flags(exhibit.report))
    return [
        (
            turn,
            # Players drop cues of no length, and WebVTT forbids them.
            Span(span.start, max(span.end, span.start + 1)),
            "；".join(dict.fromkeys(_named(exhibit, flag) for flag in by_turn.get(turn.index, ()))),
        )
        for turn, span in sorted(_timed(exhibit.report, name), key=lambda pair: pair[1].start)
        if flat(turn.text)
    ]


def _timed(report: CallReport, name: str) -> list[tuple[Turn, Span]]:
    turns = report.transcript.turns
    timed = [(turn, turn.span) for turn in turns if turn.span is not None]
    if turns and not timed:
        raise OutputError(
            f"call {flat(report.id)} has no times, so it can't be written as {name}",
            "choose txt, html or json for transcripts without times",
        )
    return timed


def _named(exhibit: Exhibit, flag: Flag) -> str:
    category = pair(exhibit.titles, flag.category)[0]
    heard = f" · {NEEDS_LISTENING[0]}" if flag.needs_listening else ""
    return flat(f"{category}（{pair(SEVERITY, flag.severity)[0]}）{flag.title}{heard}")


def _escaped(text: str) -> str:
    """Safe inside a cue: no tag, no entity, and no arrow (``--&gt;``) that ends it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _heading(report: CallReport) -> list[str]:
    transcript, assessment = report.transcript, report.assessment
    recording = transcript.recording
    rows = [f"通话 Call         {flat(report.id)}"]
    if recording:
        rows.append(f"录音 Recording    {flat(recording.path)}")
        rows.append(
            f"                  {clock(recording.duration)} · {recording.sample_rate} Hz"
            f" · {recording.channels} 声道 ch · {flat(recording.codec)}"
        )
    risk = RISK[assessment.risk] if assessment.risk else NO_RISK
    score = f" · {assessment.score}/100" if assessment.score is not None else ""
    rows.append(f"结果 Outcome      {both(pair(OUTCOME, assessment.outcome))}")
    rows.append(f"风险 Risk         {both(risk)}{score}")
    rows.append(f"处置 Disposition  {both(pair(DISPOSITION, assessment.disposition))}")
    rows += [f"{both(pair(METADATA, key))}: {flat(str(value))}" for key, value in metadata(report)]
    if assessment.actions:
        rows += ["", "建议动作 Actions"]
        for action in assessment.actions:
            rows.append(f"- {flat(action.title)}")
            rows += [f"  「{flat(action.script)}」"] if action.script else []
    if notices := all_notices(report):
        rows += ["", "提示 Notices"]
        rows += [f"! {flat(notice.message)} [{notice.code}]" for notice in notices]
    return [*rows, "", f"文字记录 Transcript ({transcript.language})", ""]


def _explained(exhibit: Exhibit, flag: Flag) -> Sequence[str]:
    how = HOW[flag.how][0]
    # A pattern is for rule authors; people read what was said.
    wanted = "" if flag.how == "regex" else f"→「{flat(flag.matched)}」"
    heard = f"「{flat(flag.text)}」{wanted} {how} {flag.score:.2f}"
    return (f"└ {_named(exhibit, flag)} [{flag.rule}]", f"  {heard}", f"  {flat(flag.explanation)}")


def _wide(text: str, columns: int) -> str:
    """``text`` filled up to ``columns`` of a terminal, where a Chinese character takes two."""
    from unicodedata import east_asian_width

    used = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * max(1, columns - used)


def _encoded(text: str) -> bytes:
    # File names that are not UTF-8 hold characters that can't be encoded.
    return text.encode("utf-8", "backslashreplace")
