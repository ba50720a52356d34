"""``--metadata FILE``: a table of what the business knows about its calls → CallInfo by file."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceguard.domain import CallInfo, Scalar
from voiceguard.errors import Problem, TranscriptError
from voiceguard.ingest import raw
from voiceguard.ingest.columns import FILE, Columns, table, twice
from voiceguard.ingest.raw import Limits
from voiceguard.ingest.scalars import only, typed

_MANGLED = re.compile(r"\d(\.\d+)?E\+\d+", re.I)  # 1.38E+10: the digits are lost
_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/])|[A-Za-z][A-Za-z0-9+.-]*://[^/]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        line: 1-based line where it begins.
        file: the recording as the table names it, None where it only has a call id.
    """

    line: int
    file: str | None
    call_id: str | None
    info: CallInfo


@dataclass(frozen=True, slots=True)
class _Name:
    """A path in the table, comparable: folders and name, in one letter case."""

    folders: tuple[str, ...]
    name: str
    elsewhere: bool  # absolute: as it was on the machine that made the table

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    def within(self, folders: tuple[str, ...]) -> bool:
        """Whether a file in ``folders`` may be this one."""
        return not self.folders or folders[-len(self.folders) :] == self.folders


class Metadata:
    """The table, and which of its rows were asked for.

    Attributes:
        rows: all that name a file or a call.
        ignored: columns that mean nothing here and were left out.
    """

    def __init__(
        self, file: str, rows: Sequence[Row], problems: Sequence[Problem], ignored: tuple[str, ...]
    ) -> None:
        self.rows = tuple(rows)
        self.ignored = ignored
        self._file = file
        self._names = {row: _name(row.file) for row in self.rows if row.file}
        self._by_name: dict[str, list[Row]] = defaultdict(list)
        self._by_stem: dict[str, list[Row]] = defaultdict(list)
        self._by_call: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.call_id:
                self._by_call[_fold(row.call_id)].append(row)
            if name := self._names.get(row):
                self._by_name[name.name].append(row)
                self._by_stem[name.stem].append(row)
        self._problems = [*problems, *self._doubles()]
        self._used: dict[Row, dict[Path | str, None]] = defaultdict(dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Rows that can't be used or are not clear, with their lines; grows with ``lookup``."""
        shared = (
            Problem(
                self._file, row.line, f"the row was used for {len(users)} files: name their folders"
            )
            for row, users in self._used.items()
            if len(users) > 1
        )
        return tuple(dict.fromkeys((*self._problems, *shared)))

    def lookup(self, path: Path, call_id: str | None = None) -> CallInfo:
        """What the table knows about a file; empty where it knows nothing or contradicts itself.

        The row is found by ``call_id``, then by path, name, stem, and by stem as a call id.
        """
        rows = self._find(path, call_id)
        if len({row.info for row in rows}) > 1:
            first, *others = rows
            for row in others:
                message = f"fits the same file as line {first.line}: neither is used"
                if not self._told(row):
                    self._problems.append(Problem(self._file, row.line, message))
            return CallInfo()
        for row in rows:
            self._used[row][call_id or path] = None
        return rows[0].info if rows else CallInfo()

    def unused(self) -> tuple[Row, ...]:
        """Rows that no ``lookup`` so far has used."""
        return tuple(row for row in self.rows if row not in self._used)

    def unmatched(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Those of ``paths`` about which the table knows nothing."""
        return tuple(
            path for path in paths if len({row.info for row in self._find(path, None)}) != 1
        )

    def _find(self, path: Path, call_id: str | None) -> list[Row]:
        """The rows that fit best: one, several that can't be told apart, or none."""
        if call_id and (rows := self._by_call.get(_fold(call_id))):
            return rows
        *above, name = _fold(str(path.absolute()).replace("\\", "/")).split("/")
        folders, stem = tuple(above), Path(name).stem
        named = self._by_name.get(name, [])
        here = [row for row in named if self._names[row].within(folders)]
        if here:
            deepest = max(len(self._names[row].folders) for row in here)
            return [row for row in here if len(self._names[row].folders) == deepest]
        if elsewhere := [row for row in named if self._names[row].elsewhere]:
            return elsewhere
        for rows in (self._by_name.get(stem, []), self._by_stem.get(stem, [])):
            fit = [r for r in rows if self._names[r].within(folders) or self._names[r].elsewhere]
            if fit:
                return fit
        return self._by_call.get(stem, []) or self._by_call.get(name, [])

    def _told(self, row: Row) -> bool:
        return any(p.line == row.line and "same file" in p.message for p in self._problems)

    def _doubles(self) -> Iterator[Problem]:
        """Rows that name the very same file and differ."""
        first: dict[_Name | str, Row] = {}
        for row in self.rows:
            key = self._names.get(row) or _fold(row.call_id or "")
            other = first.setdefault(key, row)
            if other.info != row.info:
                message = f"names the same file as line {other.line}: neither is used"
                yield Problem(self._file, row.line, message)


def read_metadata(
    path: Path, mapping: Mapping[str, str] | None = None, *, limits: Limits | None = None
) -> Metadata:
    """The table in a file: CSV (comma, semicolon or tab; UTF-8 or GB18030) or JSONL.

    Args:
        mapping: column → key, before the headers that are known; ``file`` names the recording.

    Raises:
        TranscriptError: the file can't be read, or no column names a file or a call.
        UsageError: ``mapping`` names a column that is not there, or gives an impossible key.
    """
    file = raw.shown(path)
    columns = Columns(mapping)
    data = raw.read_file(path, (limits or Limits()).text)
    text, damaged = raw.decode(data, file)
    problems: list[Problem] = []
    if damaged:
        problems.append(Problem(file, None, f"the text is damaged in {damaged} places"))
    start = text.lstrip("\ufeff \t\r\n")[:1]
    is_json = start in ("{", "[") and start
    records = _objects(text, file, columns) if is_json else _rows(text, file, columns)
    rows = []
    for line, record in records:
        row = record if isinstance(record, Problem) else _row(line, record, file, problems)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            rows.append(row)
    columns.check(file)
    if not rows and not problems:
        raise TranscriptError(f"{file} has no rows")
    return Metadata(file, rows, problems, columns.ignored)


_Record = dict[str, Scalar]


def _rows(text: str, file: str, columns: Columns) -> Iterator[tuple[int, _Record | Problem]]:
    rows = table(text, file)
    line, header = next(rows, (1, None))
    if header is None:
        return
    if isinstance(header, Problem):
        raise TranscriptError(str(header))
    keys = columns.keys(header)
    if FILE not in keys and "call_id" not in keys:
        raise TranscriptError(
            f"{file}:{line}: no column names the recording or the call",
            "the header needs 文件名 or 通话编号; or map a column to file",
        )
    for problem in twice(keys, file, line):
        yield line, problem
    for line, cells in rows:
        if isinstance(cells, Problem):
            yield line, cells
            continue
        if len(cells) > len(keys) and any(cells[len(keys) :]):
            yield line, Problem(file, line, "the row has more cells than the header: left out")
            continue
        yield line, _record(zip(keys, cells, strict=False))


def _objects(text: str, file: str, columns: Columns) -> Iterator[tuple[int, _Record | Problem]]:
    for line, value in _values(text, file):
        if isinstance(value, TranscriptError):
            yield line, Problem(file, line, "the line is not valid JSON: left out")
        elif not isinstance(value, dict):
            yield line, Problem(file, line, "the line is not an object: left out")
        else:
            flat, _ = only(value)
            yield line, _record(zip(columns.keys(flat), flat.values(), strict=True))


def _values(text: str, file: str) -> Iterator[tuple[int, object]]:
    if text.lstrip("\ufeff \t\r\n").startswith("["):
        yield from raw.json_values(text, file)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip("\ufeff \t\r"):
            try:
                yield number, raw.json_line(line.encode("utf-8", "replace"), file)[0]
            except TranscriptError as error:
                yield number, error


def _record(pairs: Iterable[tuple[str | None, Scalar]]) -> _Record:
    """Keys with values; of several values for a key the first."""
    out: _Record = {}
    for key, value in pairs:
        given = typed(key, value) if key else None
        if key and given is not None:
            out.setdefault(key, given)
    return out


def _row(line: int, record: _Record, file: str, problems: list[Problem]) -> Row | Problem:
    for key in ("call_id", "customer_id", "agent_id", "number"):
        value = record.get(key)
        if isinstance(value, str) and _MANGLED.fullmatch(value):
            problems.append(Problem(file, line, f"a spreadsheet has shortened {key}: left out"))
            del record[key]
    name, call_id = record.pop(FILE, None), record.get("call_id")
    if name is None and call_id is None:
        return Problem(file, line, "the row names neither a file nor a call: left out")
    return Row(
        line, None if name is None else str(name), None if call_id is None else str(call_id),
        CallInfo.of(record),
    )  # fmt: skip


def _name(file: str) -> _Name:
    """From a path as any system writes it, or an address."""
    path = file.split("?")[0] if "://" in file else file
    drive = _DRIVE.match(path)
    path = _fold(path[drive.end() :] if drive else path).replace("\\", "/")
    folders = [part for part in path.split("/") if part not in ("", ".")] or [""]
    elsewhere = drive is not None or path.startswith("/") or ".." in folders
    if ".." in folders:
        folders = folders[-1:]
    return _Name(tuple(folders[:-1]), folders[-1], elsewhere)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
