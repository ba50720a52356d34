"""csv and xlsx, read back: nothing is lost, nothing becomes a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import TITLES, sample_exhibit, sample_report, small_report

from voiceguard.domain import CallInfo, CallReport, Recording, Transcript, Turn
from voiceguard.errors import OutputError
from voiceguard.report import Exhibit, exporter, tables
from voiceguard.report.tables import guarded, legal

INJECTIONS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u3000=1", "\xa0+1",
    "＝1+1", "＋1", "－1", "＠x", "﹢1", "﹣1", "﹦1", "﹫1", "−1",
    "\ufeff=1", "\u200b=1", "\x00=1",
    '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0", "\x0b=1", "#N/A", "#REF!",
]  # fmt: skip


def about(text: str) -> CallReport:
    """A report that says ``text`` in every place that a stranger can fill."""
    report = small_report()
    recording = report.transcript.recording
    assert recording
    evidence = replace(report.flags[0].evidence[0], text=text, matched=text)
    return replace(
        report,
        transcript=replace(
            report.transcript,
            id=text,
            turns=(Turn(0, text, speaker=text), Turn(1, text)),
            recording=replace(recording, path=text),
            info=CallInfo.of({text: text}),
        ),
        flags=(
            replace(
                report.flags[0],
                id=text, rule=text, title=text, category=text, text=text, matched=text,
                explanation=text, evidence=(evidence,),
            ),
        ),
    )  # fmt: skip


def csv_rows(*exhibits: Exhibit) -> list[dict[str, str]]:
    out = io.BytesIO()
    exporter("csv").write(exhibits, out)
    data = out.getvalue()
    assert data.startswith(b"\xef\xbb\xbfcall_id,")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def workbook(*exhibits: Exhibit) -> Any:
    import openpyxl

    out = io.BytesIO()
    exporter("xlsx").write(exhibits, out)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue()))


def column(sheet: Any, key: str) -> list[Any]:
    """The cells below the header that ends in ``key``."""
    heads = [str(cell.value).split("\n")[-1] for cell in sheet[1]]
    return [row[heads.index(key)] for row in sheet.iter_rows(min_row=2)]


def test_csv_has_a_row_a_flag_and_one_for_a_call_without() -> None:
    clean = replace(sample_report(), flags=())
    rows = csv_rows(sample_exhibit(), Exhibit(clean, TITLES))
    assert [row["flag_id"] for row in rows] == ["f-3a91", "f-77c0", "f-b2e4", ""]
    assert rows[0]["start"] == "00:00:20.530" and rows[0]["start_seconds"] == "20.530"
    assert rows[0]["category_title"] == "反催收" and rows[0]["needs_listening"] == "yes"
    assert rows[3]["call_id"] == clean.id and rows[3]["risk"] == "high"
    assert not any(rows[3][key] for key in ("start", "category", "severity", "score", "heard"))


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_csv_cell_looks_like_a_formula(text: str) -> None:
    for row in csv_rows(Exhibit(about(text))):
        for key, cell in row.items():
            plain = cell.lstrip("\u3000\xa0 \ufeff\u200b")
            assert plain[:1] not in {"=", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}, key
            assert plain[:1] not in {"+", "-"} or key.endswith("seconds"), key
        assert row["heard"].removeprefix("'") == legal(text)


@pytest.mark.parametrize("text", INJECTIONS)
def test_every_text_in_xlsx_is_a_string(text: str) -> None:
    book = workbook(Exhibit(about(text)))
    for sheet in book:
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                assert cell.data_type in {"s", "n"}
                assert not isinstance(cell.value, str) or cell.data_type == "s"
    cell = column(book["turns"], "text")[0]
    assert cell.value == legal(text)
    assert cell.quotePrefix == guarded(text).startswith("'")


@given(st.text())
def test_any_text_comes_back_from_csv_or_is_escaped(text: str) -> None:
    (row,) = csv_rows(Exhibit(about(text)))
    assert row["heard"] == guarded(text)
    assert row["heard"] in (legal(text), f"'{legal(text)}")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=12))
def test_any_text_comes_back_from_xlsx(texts: list[str]) -> None:
    turns = tuple(Turn(index, text) for index, text in enumerate(texts))
    report = replace(small_report(), transcript=Transcript("x", turns), flags=())
    cells = column(workbook(Exhibit(report))["turns"], "text")
    assert [cell.value or "" for cell in cells] == [legal(text) for text in texts]


def test_cells_keep_to_the_limit_of_excel() -> None:
    assert legal("字" * 32_767) == "字" * 32_767
    cut = legal("😀" * 20_000)
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767 and cut.endswith("😀…")


def test_sheets_are_made_for_reading() -> None:
    book = workbook(sample_exhibit(), Exhibit(small_report(), TITLES))
    assert book.sheetnames == ["calls", "flags", "turns"]
    for sheet, rows in (("calls", 3), ("flags", 5), ("turns", 13)):
        assert book[sheet].freeze_panes == "A2"
        assert book[sheet].auto_filter.ref == book[sheet].dimensions
        assert book[sheet].max_row == rows
    fills = {cell.value: cell.fill.fgColor.rgb for cell in column(book["flags"], "severity")}
    assert len(set(fills.values())) == len(fills) == 3
    assert book["flags"].column_dimensions["A"].width == 24
    assert column(book["flags"], "start_seconds")[0].number_format == "0.000"


def test_metadata_becomes_columns_and_long_numbers_stay_whole() -> None:
    info = CallInfo.of({"customer_id": 6_222_020_200_012_345_678, "x": float("nan"), "y": True})
    transcript = replace(small_report().transcript, info=info)
    book = workbook(sample_exhibit(), Exhibit(replace(small_report(), transcript=transcript)))
    values = [cell.value for cell in column(book["calls"], "metadata.customer_id")]
    assert values == ["C-88-20417", "6222020200012345678"]
    assert [cell.value for cell in column(book["calls"], "metadata.y")] == [None, True]


def test_a_sheet_that_is_too_long_is_an_error_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tables, "_MAX_ROWS", 5)
    with pytest.raises(OutputError, match="rows in sheet turns"):
        workbook(sample_exhibit())
    assert not list(tmp_path.iterdir())


def test_a_path_that_is_not_unicode_can_be_written() -> None:
    recording = Recording("a\udcff.wav", "0" * 64, 1000, 8000, 1, "alaw")
    transcript = replace(small_report().transcript, recording=recording)
    report = replace(small_report(), transcript=transcript)
    assert csv_rows(Exhibit(report))[0]["path"] == "a.wav"
    assert column(workbook(Exhibit(report))["calls"], "path")[0].value == "a.wav"
