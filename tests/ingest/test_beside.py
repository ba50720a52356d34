"""Sidecar files, file-name patterns and hints."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.errors import TranscriptError, UsageError
from voiceguard.ingest import from_filename, read_hints, sidecar


def put(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_sidecars_by_both_names(tmp_path: Path) -> None:
    call = tmp_path / "call.wav"
    assert dict(sidecar(call)) == {}
    put(tmp_path / "call.json", {"坐席工号": 7, "逾期天数": "3", "region": "north", "备注": "x",
                                 "list": [1], "none": None, "file": "call.wav"})  # fmt: skip
    assert dict(sidecar(call)) == {
        "agent_id": "7", "days_overdue": 3, "region": "north", "备注": "x"
    }  # fmt: skip
    put(tmp_path / "call.wav.json", {"team": "一组"})
    assert dict(sidecar(call)) == {"team": "一组"}


@pytest.mark.parametrize(
    "value", [{"turns": []}, {"schema": "voiceguard.report/1"}, [1], "x", {"turns": 0, "team": "x"}]
)
def test_transcripts_are_no_sidecars(tmp_path: Path, value: object) -> None:
    put(tmp_path / "call.json", value)
    assert dict(sidecar(tmp_path / "call.wav")) == {}


def test_a_transcript_is_not_its_own_sidecar(tmp_path: Path) -> None:
    assert dict(sidecar(put(tmp_path / "call.json", {"team": "x"}))) == {}


def test_a_large_file_is_no_sidecar(tmp_path: Path) -> None:
    put(tmp_path / "call.json", {"team": "x" * (1 << 20)})
    assert dict(sidecar(tmp_path / "call.wav")) == {}


@pytest.mark.parametrize("data", [b'{"\xe7\xa7\x98\xe5\xaf\x86', b"", b"\xff\xff", b"[" * 99_999])
def test_broken_sidecars(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "call.wav.json").write_bytes(data)
    with pytest.raises(TranscriptError) as caught:
        sidecar(tmp_path / "call.wav")
    assert "秘密" not in str(caught.value)


@pytest.mark.parametrize("path", ["", ".", "/", "a\0b.wav", "x" * 5000 + ".wav"])
def test_odd_paths_have_no_sidecar(path: str) -> None:
    assert dict(sidecar(Path(path))) == {}


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("{agent_id}_{customer_id}_{started_at}", "007_c9_20240501090300.wav",
         {"agent_id": "007", "customer_id": "c9", "started_at": "2024-05-01T09:03:00"}),
        ("{agent_id}_{customer_id}", "1_2_3.wav", {"agent_id": "1", "customer_id": "2_3"}),
        ("{agent_id}-{_}-{_}-{number}", "7-x-y-138.mp3", {"agent_id": "7", "number": "138"}),
        ("call{call_id}end", "call12end.wav", {"call_id": "12"}),
        ("{team}/{days_overdue}天_{call_id}", "rec/一组/42天_c1.wav",
         {"team": "一组", "days_overdue": 42, "call_id": "c1"}),
        ("{call_id}", "a.b.wav", {"call_id": "a.b"}),
        ("{call_id}_x", "x_y.wav", {}),
        ("{a}_{b}", "nothing.wav", {}),
        ("{a}_{b}", "_b.wav", {}),
        ("{a}_{b}", "a_.wav", {}),
        ("pre{a}", "other.wav", {}),
    ],
)  # fmt: skip
def test_file_names(pattern: str, path: str, found: dict[str, object]) -> None:
    assert dict(from_filename(pattern, Path(path))) == found


@pytest.mark.parametrize(
    "pattern",
    ["", "agent", "{a}{b}", "{a}_{a}", "{A}", "{a b}", "{a", "a}_{b}", "{{a}}", "{1}_{b}", "{a!r}"],
)
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(UsageError, match="file-name pattern"):
        from_filename(pattern, Path("a_b.wav"))


@given(st.text(), st.text())
def test_any_pattern_and_name(pattern: str, name: str) -> None:
    with contextlib.suppress(UsageError):
        found = from_filename(pattern, Path(name))
        assert all(isinstance(value, str) and value in name for _, value in found)


@given(st.lists(st.text("abc123", min_size=1), min_size=1, max_size=5))
def test_fields_are_found_again(values: list[str]) -> None:
    keys = [f"k{n}" for n in range(len(values))]
    pattern = "_".join(f"{{{key}}}" for key in keys)
    path = Path("_".join(values) + ".wav")
    assert dict(from_filename(pattern, path)) == dict(zip(keys, values, strict=True))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_hints(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "hints.txt"
    text = "# terms\n停息挂账  # a comment\n\n 债务 优化 \n停息挂账\r\nC#\n"
    path.write_bytes(text.encode(encoding))
    assert read_hints(path) == ("停息挂账", "债务 优化", "C#")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("好\n" + "秘" * 21, "hints.txt:2: the term has 21 characters: 20 at most"),
        ("\n".join(map(str, range(201))), "there are 201 terms: 200 at most"),
        (b"\xff\xff", "neither UTF-8 nor GB18030"),
        ("秘密".encode() * 9 + b"\xff", "damaged"),
    ],
)
def test_bad_hints(tmp_path: Path, data: str | bytes, said: str) -> None:
    path = tmp_path / "hints.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(UsageError) as caught:
        read_hints(path)
    assert said in str(caught.value)
    assert "秘" not in str(caught.value)


def test_hints_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_hints(tmp_path / "none")
    assert read_hints(put(tmp_path / "few", 7)) == ("7",)
