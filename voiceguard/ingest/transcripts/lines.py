"""Plain text, one turn a line: ``[00:01:02] 客户：…``, ``agent: …``, ``[坐席] …``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from voiceguard.domain import Transcript
from voiceguard.errors import TranscriptError
from voiceguard.ingest.transcripts.roles import Party, party, stranger
from voiceguard.ingest.transcripts.spoken import Spoken, assemble, milliseconds

_ENDS = re.compile(r"\r\n|\r|\n")
_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,6})?"
_DATED = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[ T]+)"
_RANGE = rf"(?P<start>{_CLOCK})(?:\s*(?:-->|-|–|—|~|至|到)\s*{_DATED}?(?P<end>{_CLOCK}))?"
# [00:01:02], (01:02 - 01:05), [2024-05-01 10:00:01], and 00:01:02 without brackets
_BRACKETED = re.compile(rf"[\[(（【]\s*(?P<date>{_DATED})?{_RANGE}\s*[\])）】]")
_BARE = re.compile(rf"(?P<date>{_DATED})?(?P<start>\d{{1,3}}:\d\d:\d\d(?:[.,]\d{{1,6}})?)(?=\s|$)")
_HEADER = re.compile(
    rf"(?P<label>[^:：\[(（【]{{1,24}}?)\s+(?P<date>{_DATED})?(?P<start>{_CLOCK})\s*$"
)
_AUDACITY = re.compile(r"(\d{1,6}\.\d{1,6})\t(\d{1,6}\.\d{1,6})\t(.*)")
# 【坐席】, [agent]:, **客户**：  and 客户：, agent:
_IN_BRACKETS = re.compile(
    r"[\[【(（<《]\s*([^\[\]【】()（）<>《》:：]{1,24}?)\s*[\]】)）>》]\s*[:：]?\s*"
)
_BEFORE_COLON = re.compile(
    r"([^\s:：，。,.!?！？;；\[【][^:：，。,!?！？;；\[【]{0,23}?)\s*[:：]\s*"
)
_BEFORE_TIME = re.compile(
    r"([^\s:：\[(（【][^:：\[(（【]{0,23}?)\s*(?=[\[(（【]\s*\d|\d{1,3}:\d\d:\d\d)"
)
_LATIN = re.compile(r"[\x21-\x7e]")
_OUR_PAGE = re.compile(r"\ufeff?通话 Call {3,}")
_NAMES, _NAMED_SHARE = 6, 0.6


def read_lines(text: str, file: str, call_id: str) -> Transcript:
    """A turn for each line with words; a line with a speaker or time alone heads the next ones.

    Names that begin most lines are speakers, though their role is not known.

    Raises:
        TranscriptError: a time that can't be, or a page that was made for people.
    """
    if _OUR_PAGE.match(text):
        raise TranscriptError(f"{file}: a page made for people", "scan the json report instead")
    rows = split_rows(text.lstrip("\ufeff"))
    names = _names(rows)
    said: list[Spoken] = []
    head: Spoken | None = None
    for number, row in enumerate(rows, 1):
        if not row.strip() or _names_a_flag(row):
            continue
        item = _line(row.strip(), number, names)
        if not item.text:
            head = item
            continue
        if item.party is not None:
            head = None
        elif head is not None:
            timed = item if item.start is not None else head
            item = Spoken(number, item.text, head.party, timed.start, timed.end)
            # The next lines go on in the same voice, but not at the same time.
            head = Spoken(head.line, "", head.party)
        said.append(item)
    return assemble(said, file, call_id)


def labelled(row: str, names: Iterable[str] = ()) -> tuple[Party | None, str]:
    """Who a line says is speaking, None where it does not, and the words after that."""
    plain = row.removeprefix("- ").replace("**", "") if row.startswith(("- ", "**")) else row
    for pattern in (_IN_BRACKETS, _BEFORE_COLON):
        found = pattern.match(plain)
        if found is None:
            continue
        who = party(found[1])
        if who is None and found[1] in names:
            who = stranger(found[1])
        if who is not None:
            return who, plain[found.end() :].strip()
    return None, row


def joined(rows: Sequence[str]) -> str:
    """Lines of one turn as one text; a space only between Latin letters."""
    out = ""
    for row in rows:
        gap = " " if out and _LATIN.match(out[-1]) and _LATIN.match(row[0]) else ""
        out += gap + row
    return out


def split_rows(text: str) -> list[str]:
    """Lines by the line ends of files only: speech may hold others."""
    return _ENDS.split(text)


def _line(row: str, number: int, names: frozenset[str]) -> Spoken:
    if label := _AUDACITY.match(row):
        who, words = labelled(label[3].strip(), names)
        times = (round(float(label[part]) * 1000) for part in (1, 2))
        return Spoken(number, words, who, *times)
    if header := _HEADER.match(row):
        who = party(header["label"])
        if who is not None:
            begins = None if header["date"] else milliseconds(header["start"])
            return Spoken(number, "", who, begins)
    start: int | None = None
    end: int | None = None
    who, timed, bare = None, False, True
    for _ in range(2):  # time and speaker come in either order
        time = None if timed else _BRACKETED.match(row) or (_BARE.match(row) if bare else None)
        bare = False  # what looks like a time after a speaker and a colon is what he says
        if time:
            timed, row = True, row[time.end() :].strip()
            if time["date"] is None:
                start = milliseconds(time["start"])
                ended = time.groupdict().get("end")
                end = milliseconds(ended) if ended and start is not None else None
        if who is None and not timed and (before := _BEFORE_TIME.match(row)):
            who = party(before[1]) or (stranger(before[1]) if before[1] in names else None)
            row, bare = (row[before.end() :], True) if who else (row, False)
        if who is None:
            who, row = labelled(row, names)
    return Spoken(number, row.lstrip(":：").strip() if who and timed else row, who, start, end)


def _names_a_flag(row: str) -> bool:
    """Our own label for a flag in an Audacity track: which rules a turn met, not what was said."""
    label = _AUDACITY.match(row)
    return label is not None and label[3].startswith("⚠ ")


def _names(rows: Sequence[str]) -> frozenset[str]:
    """Short texts before a colon that begin most lines: the names of a few speakers."""
    filled = [row.strip() for row in rows if row.strip()]
    counts: Counter[str] = Counter()
    for row in filled:
        time = _BRACKETED.match(row) or _BARE.match(row)
        found = _BEFORE_COLON.match(row[time.end() :].strip() if time else row)
        if found is not None and len(found[1]) <= 12:
            counts[found[1]] += 1
    often = counts.total()
    alike = often >= max(_NAMED_SHARE * len(filled), 1.5 * len(counts)) and len(counts) <= _NAMES
    return frozenset(counts if alike else ())
