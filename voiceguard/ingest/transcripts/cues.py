"""SubRip (.srt) and WebVTT (.vtt), also where they break their own rules."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from voiceguard.domain import Transcript
from voiceguard.errors import TranscriptError
from voiceguard.ingest.transcripts.lines import joined, labelled, split_rows
from voiceguard.ingest.transcripts.roles import Party, party, stranger
from voiceguard.ingest.transcripts.spoken import Spoken, assemble, milliseconds

_TIME = r"-?(?:\d{1,4}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,6})?"
TIMING = re.compile(rf"[ \t]*({_TIME})[ \t]*-{{1,2}}>[ \t]*({_TIME})(?![\d:])")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?(?:[ \t]+([^<>]{0,200}))?>")
_FLAG = re.compile(r"<c\.flag[^<>]{0,100}>[^<]{0,500}</c>")  # our own: the rules it met
_TAG = re.compile(
    r"</?(?:v|c|i|b|u|s|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<\d[\d:.]*>|\{\\[^{}]*\}", re.I
)
_BLOCKS = ("NOTE", "STYLE", "REGION")


def read_cues(text: str, file: str, call_id: str) -> Transcript:
    """A turn for each cue, and for each voice in it; cues without text are left out.

    Raises:
        TranscriptError: no cue in a file that should have one, or a time that can't be.
    """
    rows = split_rows(text)
    said = [item for cue in _cues(rows, file) for item in _spoken(*cue)]
    if not said and not text.lstrip("\ufeff \r\n").startswith("WEBVTT") and not _timed(rows):
        raise TranscriptError(f"{file}: no subtitle cue in it", "a cue begins 00:00:01,000 --> …")
    return assemble(said, file, call_id)


def _timed(rows: Sequence[str]) -> bool:
    return any(TIMING.match(row) for row in rows)


def _cues(rows: Sequence[str], file: str) -> Iterator[tuple[int, int, int, list[str]]]:
    """``(line, start, end, lines of text)`` of every cue."""
    at = 0
    while at < len(rows):
        row = rows[at].lstrip("\ufeff")
        if row.split(" ")[0] in _BLOCKS:
            while at < len(rows) and rows[at].strip():
                at += 1
            continue
        timing = TIMING.match(row)
        at += 1
        if timing is None:
            continue  # a header, a number, a name of a cue, or an empty line
        line, body = at, []
        while at < len(rows) and rows[at].strip() and not TIMING.match(rows[at]):
            body.append(rows[at])
            at += 1
        # Some files forget the empty line: then the last line was the number of the next cue.
        if at < len(rows) and rows[at].strip() and body and body[-1].strip().isdecimal():
            body.pop()
        yield line, _time(timing[1], file, line), _time(timing[2], file, line), body


def _time(clock: str, file: str, line: int) -> int:
    found = None if clock.startswith("-") else milliseconds(clock)
    if found is None:
        what = "is negative" if clock.startswith("-") else "is not one of a call"
        raise TranscriptError(f"{file}:{line}: the time {what}")
    return found


def _spoken(line: int, start: int, end: int, body: list[str]) -> Iterator[Spoken]:
    if len(body) > 1 and body[0].startswith("⚠ "):
        body = body[1:]  # our own: which rules the turn met
    text = _FLAG.sub("", "\n".join(body))
    # Text, voice, text, voice, text …: what stands before the first voice has none.
    first, *voiced = _VOICE.split(text)
    yield from _by_label(line, start, end, _clean(first))
    for voice, words in zip(voiced[::2], voiced[1::2], strict=True):
        name = html.unescape(voice or "").strip()[:80]
        who = (party(name) or stranger(name)) if name else None
        if who is None:
            yield from _by_label(line, start, end, _clean(words))
        elif rows := _clean(words):
            yield Spoken(line, joined(rows), who, start, end)


def _by_label(line: int, start: int, end: int, rows: list[str]) -> Iterator[Spoken]:
    """Turns of one party, or of several where lines begin with their speakers."""
    held: list[str] = []
    who: Party | None = None
    for row in rows:
        found, words = labelled(row)
        if found is not None:
            if held:
                yield Spoken(line, joined(held), who, start, end)
            held, who = [], found
        if words:
            held.append(words)
    if held:
        yield Spoken(line, joined(held), who, start, end)


def _clean(text: str) -> list[str]:
    plain = html.unescape(_TAG.sub("", text)).replace("\xa0", " ")
    return [row.strip() for row in plain.split("\n") if row.strip()]
