"""Tables of call metadata: columns, encodings, which row belongs to which file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import CallInfo
from voiceguard.errors import TranscriptError, UsageError
from voiceguard.ingest import Limits, Metadata, read_metadata

CHINESE = (
    "文件名,通话编号,客户编号,坐席工号,班组,业务线,产品,逾期天数,号码,方向,开始时间\n"
    "a.wav,c1,007,0012,一组,现金贷,白条,42,13800138000,呼出,2024/5/1 9:03\n"
)
ENGLISH = (
    "File Name;Call ID;customer_id;Agent-ID;Team;Line of Business;PRODUCT;Days Overdue;Phone;"
    "Direction;Start Time\n"
    "a.wav;c1;007;0012;一组;现金贷;白条;42;13800138000;Outbound;2024-05-01 09:03:00\n"
)
KNOWN = {
    "call_id": "c1", "customer_id": "007", "agent_id": "0012", "team": "一组",
    "line_of_business": "现金贷", "product": "白条", "days_overdue": 42, "number": "13800138000",
    "direction": "outbound", "started_at": "2024-05-01T09:03:00",
}  # fmt: skip


def table(tmp_path: Path, text: str | bytes, mapping: dict[str, str] | None = None,
          name: str = "m.csv") -> Metadata:  # fmt: skip
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_metadata(path, mapping)


def found(known: Metadata, name: str) -> dict[str, object]:
    return dict(known.lookup(Path("/calls") / name))


def said(known: Metadata, tmp_path: Path) -> list[str]:
    return [str(p).removeprefix(f"{tmp_path}/") for p in known.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("text", [CHINESE, ENGLISH, CHINESE.replace(",", "\t"),
                                  CHINESE.replace("\n", "\r\n"), "sep=,\n" + CHINESE])  # fmt: skip
def test_headers_delimiters_and_encodings(tmp_path: Path, text: str, encoding: str) -> None:
    known = table(tmp_path, text.encode(encoding))
    assert found(known, "a.wav") == KNOWN
    assert (known.problems, known.ignored, known.unused()) == ((), (), ())


@pytest.mark.parametrize("name", ["m.jsonl", "m.json", "m.txt"])
def test_json_lines(tmp_path: Path, name: str) -> None:
    row = {"文件名": "a.wav", **KNOWN, "customer_id": 7, "call_id": 1.0, "more": {}, "y": None}
    known = table(tmp_path, "\n" + json.dumps(row) + "\n", name=name)
    assert found(known, "a.wav") == {**KNOWN, "customer_id": "7", "call_id": "1"}
    known = table(tmp_path, json.dumps([row, {"file": "b", "team": "二组"}], indent=1), name=name)
    assert found(known, "b.mp3") == {"team": "二组"}
    assert found(known, "a.wav") == {**KNOWN, "customer_id": "7", "call_id": "1"}


def test_explicit_columns_come_before_known_headers(tmp_path: Path) -> None:
    text = "来源,坐席,文件名,号码,region,姓名\na.wav,张三,x,1,north,李四\n"
    mapping = {"来源": "file", " 坐席 ": "agent_id", "文件名": "title", "号码": ""}
    known = table(tmp_path, text, mapping)
    assert found(known, "a.wav") == {"agent_id": "张三", "title": "x", "region": "north"}
    assert known.ignored == ("姓名",)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [({"无此列": "team"}, "has no column '无此列'"), ({"文件名": "Kein Key"}, "can't become")],
)
def test_impossible_mappings(tmp_path: Path, mapping: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        table(tmp_path, CHINESE, mapping)
    if "无此列" in mapping:
        with pytest.raises(UsageError, match=message):
            table(tmp_path, '{"file": "a"}', mapping, "m.jsonl")


@pytest.mark.parametrize(
    ("named", "path", "fits"),
    [
        ("a.wav", "a.wav", True),
        ("A.WAV", "a.wav", True),
        ("a", "a.wav", True),
        ("a.mp3", "a.wav", True),
        ("./a.wav", "a.wav", True),
        ("monday/a.wav", "monday/a.wav", True),
        ("monday\\a.wav", "monday/a.wav", True),
        ("monday/a", "monday/a.wav", True),
        ("monday/a.wav", "tuesday/a.wav", False),
        ("monday/a.wav", "a.wav", False),
        ("a.wav", "monday/a.wav", True),
        ("D:\\rec\\a.wav", "a.wav", True),
        ("/rec/2024/a.wav", "b/a.wav", True),
        ("../rec/a.wav", "b/a.wav", True),
        ("https://host/rec/a.wav?sig=1", "a.wav", True),
        ("2024.05.01_a", "2024.05.01_a.wav", True),
        ("录音.wav", "录音.wav", True),
        ("e\u0301.wav", "\u00e9.wav", True),
        ("b.wav", "a.wav", False),
        ("aa.wav", "a.wav", False),
        ("/", "a.wav", False),
    ],
)
def test_which_file_a_row_is_about(tmp_path: Path, named: str, path: str, fits: bool) -> None:
    known = table(tmp_path, f"file,team\n{named},x\n")
    assert known.unmatched([Path("/calls") / path]) == (() if fits else (Path("/calls") / path,))
    assert [row.line for row in known.unused()] == [2]
    assert found(known, path) == ({"team": "x"} if fits else {})
    assert [row.line for row in known.unused()] == ([] if fits else [2])
    assert known.problems == ()


def test_the_best_row_is_taken(tmp_path: Path) -> None:
    rows = "a.wav,any\nmonday/a.wav,mon\nrec/monday/a.wav,rec\na,stem\na.mp3,mp3\n"
    known = table(tmp_path, f"file,team\n{rows}")
    assert found(known, "rec/monday/a.wav") == {"team": "rec"}
    assert found(known, "x/monday/a.wav") == {"team": "mon"}
    assert found(known, "x/a.wav") == {"team": "any"}
    assert found(known, "a.mp3") == {"team": "mp3"}
    assert found(known, "a.ogg") == {"team": "stem"}
    assert known.problems == ()


def test_rows_by_call_id(tmp_path: Path) -> None:
    known = table(tmp_path, "通话编号,班组\nc1,一\nc2,二\n")
    assert found(known, "C1.wav") == {"call_id": "c1", "team": "一"}
    assert dict(known.lookup(Path("many.jsonl"), "c2")) == {"call_id": "c2", "team": "二"}
    assert known.unused() == ()
    assert known.unmatched([Path("c1.wav"), Path("x.wav")]) == (Path("x.wav"),)


def test_rows_that_contradict_each_other(tmp_path: Path) -> None:
    known = table(tmp_path, "file,team\na.wav,1\nb.wav,2\na.wav,3\nb.wav,2\nc.mp3,4\nc.ogg,5\n")
    double = "m.csv:4: names the same file as line 2: neither is used"
    assert said(known, tmp_path) == [double]
    assert found(known, "a.wav") == {}
    assert found(known, "b.wav") == {"team": "2"}
    for _ in range(2):
        assert found(known, "c.wav") == {}
    assert said(known, tmp_path) == [
        double, "m.csv:7: fits the same file as line 6: neither is used"
    ]  # fmt: skip
    assert [row.line for row in known.unused()] == [2, 4, 6, 7]
    assert known.unmatched([Path("a.wav"), Path("b.wav")]) == (Path("a.wav"),)


def test_a_row_that_fits_two_files_is_told(tmp_path: Path) -> None:
    known = table(tmp_path, "file,team\na.wav,1\n")
    for name in ("monday/a.wav", "monday/a.wav", "tuesday/a.wav"):
        assert found(known, name) == {"team": "1"}
    assert said(known, tmp_path) == ["m.csv:2: the row was used for 2 files: name their folders"]


def test_what_is_wrong_with_rows(tmp_path: Path) -> None:
    known = table(tmp_path, (
        "file,customer_id,号码,手机号\n"
        "a.wav,1.38E+10,1,\n"
        ",1,2,3\n"
        "\n"
        "b.wav,\"x\ny\",2,3,4\n"
        'c.wav,="007",,5\n'
        "d.wav\n"
        'e.wav,"open\n'
        "f.wav,1,2,3\n"
    ))  # fmt: skip
    assert said(known, tmp_path) == [
        "m.csv:1: several columns give number: the first with a value counts",
        "m.csv:2: a spreadsheet has shortened customer_id: left out",
        "m.csv:3: the row names neither a file nor a call: left out",
        "m.csv:5: the row has more cells than the header: left out",
        "m.csv:9: a quote is not closed or stands alone: left out",
    ]
    assert found(known, "a.wav") == {"number": "1"}
    assert found(known, "c.wav") == {"customer_id": "007", "number": "5"}
    assert found(known, "d.wav") == {}
    assert [row.file for row in known.rows] == ["a.wav", "c.wav", "d.wav"]


def test_a_broken_line_of_json_loses_no_other(tmp_path: Path) -> None:
    text = '{"file": "a", "team": 1}\n{"秘密\n[1]\n{"file": "b", "team": 2}\n'
    known = table(tmp_path, text, name="m.jsonl")
    assert said(known, tmp_path) == [
        "m.jsonl:2: the line is not valid JSON: left out",
        "m.jsonl:3: the line is not an object: left out",
    ]
    assert (found(known, "a.wav"), found(known, "b.wav")) == ({"team": 1}, {"team": 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"), ("\n \n", "has no rows"), ("文件名,班组\n", "has no rows"),
        ("姓名,班组\n秘密,1\n", "m.csv:1: no column names the recording or the call"),
        ('"文件名\nx', "a quote is not closed"), (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"file\n" + b"x" * 200, "too large"),
    ],
)  # fmt: skip
def test_what_is_no_table(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TranscriptError, match=message) as caught:
        read_metadata(path, limits=Limits(text=100))
    assert "秘密" not in str(caught.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="does not exist"):
        read_metadata(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("days_overdue", "42", 42), ("days_overdue", "42天", 42), ("days_overdue", "1,042", 1042),
        ("days_overdue", "42.0", 42), ("days_overdue", "-3", -3), ("days_overdue", "many", "many"),
        ("direction", "呼入", "inbound"), ("direction", "OUT", "outbound"),
        ("direction", "转接", "转接"),
        ("started_at", "2024年5月1日 9时3分", "2024-05-01T09:03:00"),
        ("started_at", "20240501090300", "2024-05-01T09:03:00"),
        ("started_at", "20240501", "2024-05-01"), ("started_at", "2024-05-01", "2024-05-01"),
        ("started_at", "2024-05-01T09:03:00+08:00", "2024-05-01T09:03:00+08:00"),
        ("started_at", "2024-13-01", "2024-13-01"), ("started_at", "早上", "早上"),
        ("agent_id", "007", "007"), ("number", "+86 138", "+86 138"),
    ],
)  # fmt: skip
def test_values_of_known_keys(tmp_path: Path, key: str, given: str, kept: object) -> None:
    known = table(tmp_path, f"file;{key}\na.wav;{given}\n")
    assert known.lookup(Path("a.wav")) == CallInfo.of({key: kept})  # type: ignore[dict-item]


@given(st.sampled_from([CHINESE.encode(), ENGLISH.encode(), CHINESE.encode("gb18030"),
                        b'{"file": "a.wav", "team": "x"}\n{"call_id": 3}\n']),
       st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=5)),
                max_size=4))  # fmt: skip
def test_mutated_tables_give_rows_or_typed_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    for at, cut, put in changes:
        at %= len(data) + 1
        data = data[:at] + put + data[at + cut :]
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(data)
    try:
        known = read_metadata(path)
    except (TranscriptError, UsageError):
        return
    known.lookup(Path("a.wav"))
    assert len(known.unused()) <= len(known.rows)
