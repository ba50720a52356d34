"""Rows for spreadsheets: csv with a row a flag, xlsx with calls, flags and turns.

What people said or typed must never run as a formula when a supervisor opens the file.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from voiceguard.domain import Flag, Span
from voiceguard.errors import OutputError
from voiceguard.report.document import all_notices, ordered_flags
from voiceguard.report.exporter import Exhibit
from voiceguard.report.wording import clock, flags_by_turn, pair, worst

Cell = str | int | float | None
Column = tuple[str, str, int]  # key, Chinese title, width in characters

_CALL: tuple[Column, ...] = (("call_id", "通话编号", 24), ("path", "文件", 34))
_TIMES: tuple[Column, ...] = (
    ("start", "开始", 14), ("end", "结束", 14),
    ("start_seconds", "开始（秒）", 12), ("end_seconds", "结束（秒）", 12),
)  # fmt: skip
_VERDICT: tuple[Column, ...] = (
    ("outcome", "结果", 14), ("risk", "风险", 10), ("risk_score", "风险分", 10),
    ("disposition", "处置", 14),
)  # fmt: skip
_ACTIONS: Column = ("actions", "建议动作", 40)
FLAGS: tuple[Column, ...] = (
    *_CALL, ("flag_id", "标记编号", 16), *_TIMES, ("role", "角色", 12),
    ("category", "类别", 22), ("category_title", "类别名称", 18), ("severity", "级别", 10),
    ("rule", "规则", 26), ("title", "规则名称", 28),
    ("heard", "听到", 26), ("wanted", "规则内容", 26),
    ("how", "方式", 10), ("score", "得分", 8), ("confidence", "置信度", 9),
    ("needs_listening", "需复听", 9), ("explanation", "说明", 50), *_VERDICT, _ACTIONS,
)  # fmt: skip
TURNS: tuple[Column, ...] = (
    *_CALL, ("turn", "句", 7), *_TIMES, ("role", "角色", 12), ("speaker", "说话人", 12),
    ("channel", "声道", 8), ("text", "文字", 70), ("confidence", "置信度", 9),
    ("severity", "级别", 10), ("flags", "标记", 24),
)  # fmt: skip
CALLS: tuple[Column, ...] = (
    *_CALL, ("duration_seconds", "时长（秒）", 12), *_VERDICT, ("flags", "标记数", 9),
    ("needs_listening", "需复听数", 10), ("categories", "类别", 34), _ACTIONS,
    ("warnings", "提示", 40),
)  # fmt: skip

_MAX_CELL = 32_767  # UTF-16 units, Excel's limit
_MAX_ROWS = 1_048_576
_SECONDS = "_seconds"  # columns that end so have three decimals
_EXACT = 10**15  # Excel rounds longer numbers, and a customer's number must not change
# Not allowed in XML 1.0, hence in no xlsx file. Line ends and tabs stay.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FILLS = {"low": "DDEBF7", "medium": "FFF2CC", "high": "F8CBAD", "critical": "F4A6A6"}


class CsvExporter:
    """One row a flag; a call without flags has one row, its flag columns empty."""

    name = "csv"
    suffix = ".csv"
    gathers = True

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        # The byte order mark tells Excel that this is UTF-8.
        text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
        try:
            rows = csv.writer(text, lineterminator="\r\n")
            rows.writerow(key for key, _, _ in FLAGS)
            for exhibit in exhibits:
                flags = ordered_flags(exhibit.report) or (None,)
                rows.writerows(
                    [_written(key, cell) for (key, _, _), cell in zip(FLAGS, row, strict=True)]
                    for row in (_flag_row(exhibit, flag) for flag in flags)
                )
        finally:
            text.detach()


class XlsxExporter:
    """A workbook with the sheets calls, flags and turns."""

    name = "xlsx"
    suffix = ".xlsx"
    gathers = True

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        made = io.BytesIO()
        try:
            _fill(book, exhibits)
            book.save(made)
        except BaseException:
            # Half-written sheets lie as files in the temporary folder, with what was said in them.
            for sheet in book:
                with suppress(Exception):
                    sheet.close()
                with suppress(Exception):
                    sheet._writer.cleanup()
            raise
        out.write(_timeless(made))


def _fill(book: Any, exhibits: Iterable[Exhibit]) -> None:
    calls = book.create_sheet("calls")
    flags = _Sheet(book.create_sheet("flags"), FLAGS)
    turns = _Sheet(book.create_sheet("turns"), TURNS)
    seen: list[tuple[tuple[Cell, ...], dict[str, Cell]]] = []
    for exhibit in exhibits:
        seen.append((_call_row(exhibit), dict(exhibit.report.transcript.info)))
        for flag in ordered_flags(exhibit.report):
            flags.add(_flag_row(exhibit, flag))
        for row in _turn_rows(exhibit):
            turns.add(row)
    # Which metadata there is shows only after the last call.
    keys = sorted({key for _, info in seen for key in info})
    sheet = _Sheet(calls, (*CALLS, *((f"metadata.{key}", key, 18) for key in keys)))
    for cells, info in seen:
        sheet.add((*cells, *(info.get(key) for key in keys)))
    for each in (sheet, flags, turns):
        each.finish()


def _written(key: str, cell: Cell) -> Cell:
    if isinstance(cell, str):
        return guarded(cell)
    return f"{cell:.3f}" if key.endswith(_SECONDS) and cell is not None else cell


def guarded(text: str) -> str:
    """``text`` for a csv cell: legal, not too long, and with an apostrophe before anything that
    a spreadsheet could take for a formula."""
    text = legal(text)
    return f"'{text}" if _formula_like(text) else text


def legal(text: str) -> str:
    """``text`` without characters that XML forbids, single line feeds, cut to Excel's limit."""
    text = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    data = text.encode("utf-16-le")
    if len(data) <= 2 * _MAX_CELL:
        return text
    return data[: 2 * (_MAX_CELL - 2)].decode("utf-16-le", "ignore") + "…"


def _formula_like(text: str) -> bool:
    if text[:1] in ("\t", "\n"):
        return True
    # Spreadsheets skip leading blanks, and invisible marks (category C) hide what comes next.
    first = next((c for c in text if not c.isspace() and unicodedata.category(c)[0] != "C"), "")
    # NFKC turns full-width and small forms into the plain sign; U+2212 is a minus, too.
    return unicodedata.normalize("NFKC", first)[:1] in {"=", "+", "-", "@", "\u2212"}


class _Sheet:
    """A worksheet being filled: header row frozen, filters, colours by severity."""

    def __init__(self, sheet: Any, columns: Sequence[Column]) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill
        from openpyxl.utils import get_column_letter

        self._sheet = sheet
        self._rows = 0
        self._grave = next((i for i, c in enumerate(columns) if c[0] in ("severity", "risk")), -1)
        self._last = get_column_letter(len(columns))
        self._fills = {name: PatternFill("solid", fgColor=rgb) for name, rgb in _FILLS.items()}
        self._wrapped = Alignment(vertical="top", wrap_text=True)
        self._top = Alignment(vertical="top")
        self._seconds = {i for i, (key, _, _) in enumerate(columns) if key.endswith(_SECONDS)}
        self._wide = {i for i, (_, _, width) in enumerate(columns) if width >= 26}
        sheet.freeze_panes = "A2"  # before the first row: this sheet is written as it goes
        for number, (_, _, width) in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        head = [self._cell(f"{title}\n{key}") for key, title, _ in columns]
        for cell in head:
            cell.font = Font(bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", fgColor="33475B")
            cell.alignment = Alignment(vertical="center", wrap_text=True)
        self._append(head)

    def add(self, values: Sequence[Cell]) -> None:
        """One row; columns as given at the start.

        Raises:
            OutputError: more rows than a sheet can hold.
        """
        cells = [self._cell(value) for value in values]
        for place, cell in enumerate(cells):
            cell.alignment = self._wrapped if place in self._wide else self._top
            if place in self._seconds:
                cell.number_format = "0.000"
        fill = self._fills.get(str(values[self._grave])) if self._grave >= 0 else None
        if fill:
            cells[self._grave].fill = fill
        self._append(cells)

    def finish(self) -> None:
        """Put the filters on, now that the last row is known."""
        self._sheet.auto_filter.ref = f"A1:{self._last}{self._rows}"

    def _append(self, cells: list[Any]) -> None:
        if self._rows >= _MAX_ROWS:
            raise OutputError(
                f"more than {_MAX_ROWS} rows in sheet {self._sheet.title}",
                "write csv, or fewer calls at a time",
            )
        self._sheet.append(cells)
        self._rows += 1

    def _cell(self, value: Cell) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, float) and not math.isfinite(value):
            value = None
        elif isinstance(value, int) and abs(value) >= _EXACT:
            value = str(value)
        if not isinstance(value, str):
            return WriteOnlyCell(self._sheet, value=value)
        cell = WriteOnlyCell(self._sheet, value=legal(value) or None)
        if cell.value is None:
            return cell
        # openpyxl makes a formula of =1+1 and an error of #N/A; both are text here, and stay text
        # when somebody edits the cell (quotePrefix).
        cell.data_type = "s"
        cell.quotePrefix = _formula_like(value)
        return cell


def _flag_row(exhibit: Exhibit, flag: Flag | None) -> tuple[Cell, ...]:
    assessment = exhibit.report.assessment
    verdict = (
        assessment.outcome, assessment.risk or "", assessment.score, assessment.disposition,
        _actions(exhibit),
    )  # fmt: skip
    if flag is None:
        return (*_call(exhibit), *[""] * (len(FLAGS) - len(_CALL) - len(verdict)), *verdict)
    return (
        *_call(exhibit), flag.id, *_times(flag.span), flag.role,
        flag.category, pair(exhibit.titles, flag.category)[0], flag.severity,
        flag.rule, flag.title, flag.text, flag.matched,
        flag.how, round(flag.score, 4), _share(flag.confidence),
        "yes" if flag.needs_listening else "no", flag.explanation, *verdict,
    )  # fmt: skip


def _turn_rows(exhibit: Exhibit) -> Iterator[tuple[Cell, ...]]:
    by_turn = flags_by_turn(ordered_flags(exhibit.report))
    for turn in exhibit.report.transcript.turns:
        flags = by_turn.get(turn.index, [])
        yield (
            *_call(exhibit), turn.index, *_times(turn.span), turn.role, turn.speaker,
            turn.channel, turn.text, _share(turn.confidence),
            worst(flags) if flags else "", ", ".join(flag.id for flag in flags),
        )  # fmt: skip


def _call_row(exhibit: Exhibit) -> tuple[Cell, ...]:
    report = exhibit.report
    recording, assessment = report.transcript.recording, report.assessment
    return (
        *_call(exhibit), recording.duration / 1000 if recording else None,
        assessment.outcome, assessment.risk or "", assessment.score, assessment.disposition,
        len(report.flags), sum(flag.needs_listening for flag in report.flags),
        "\n".join(
            f"{pair(exhibit.titles, name)[0]} {share:.2f}" for name, share in assessment.categories
        ),
        _actions(exhibit),
        "\n".join(f"{notice.code}: {notice.message}" for notice in all_notices(report)),
    )  # fmt: skip


def _call(exhibit: Exhibit) -> tuple[str, str]:
    recording = exhibit.report.transcript.recording
    return exhibit.report.id, recording.path if recording else ""


def _actions(exhibit: Exhibit) -> str:
    return "\n".join(action.title for action in exhibit.report.assessment.actions)


def _times(span: Span | None) -> tuple[Cell, ...]:
    if span is None:
        return ("", "", None, None)
    return (clock(span.start), clock(span.end), span.start / 1000, span.end / 1000)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _timeless(made: BinaryIO) -> bytes:
    """The same workbook without the moment of its making: equal reports give equal bytes."""
    settled = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(settled, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"2000-01-01T00:00:00Z", body)
            info = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, body)
    return settled.getvalue()
