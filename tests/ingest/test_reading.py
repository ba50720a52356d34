"""Files and streams: which kind they are, and what a broken part costs."""

from __future__ import annotations

import io
import json
import os
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.domain import Transcript
from voiceguard.errors import TranscriptError
from voiceguard.ingest import Limits, read_labelled, read_transcripts

LINE = '{"turns": [{"text": "停息挂账"}]}'
SRT = "1\n00:00:01,000 --> 00:00:02,500\n客户：停息挂账\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v 客户>停息挂账\n"


def shape(path: Path | None, data: bytes | None = None) -> list[str]:
    """Of every item its id and texts, or its error."""
    return [
        f"{item.id}: {'|'.join(t.text for t in item.turns)}" if isinstance(item, Transcript)
        else f"! {item}"
        for item in read_transcripts(path, data)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "items"),
    [
        ("a.json", LINE, ["a: 停息挂账"]),
        ("a.json", f"[{LINE},\n {LINE}]", ["a#1: 停息挂账", "a#2: 停息挂账"]),
        ("a.json", f"{LINE}\n{LINE}\n", ["a#1: 停息挂账", "a#2: 停息挂账"]),
        ("a.json", json.dumps(json.loads(LINE), indent=2) * 2, ["a#1: 停息挂账", "a#2: 停息挂账"]),
        ("a.jsonl", f"\n{LINE}\r\n\n  {LINE}\n", ["a#1: 停息挂账", "a#2: 停息挂账"]),
        ("a.jsonl", LINE, ["a: 停息挂账"]),
        ("a.jsonl", json.dumps(json.loads(LINE), indent=1), ["a: 停息挂账"]),
        ("a.jsonl", f"[{LINE}]", ["a: 停息挂账"]),
        ("a.NDJSON", LINE, ["a: 停息挂账"]),
        ("a.txt", LINE, ["a: 停息挂账"]),
        ("a.srt", SRT, ["a: 停息挂账"]),
        ("a.srt", VTT, ["a: 停息挂账"]),
        ("a.vtt", SRT, ["a: 停息挂账"]),
        ("a.txt", VTT, ["a: 停息挂账"]),
        ("a.b.txt", "停息挂账\n\n好\n", ["a.b: 停息挂账|好"]),
        ("a.unknown", LINE, ["a: 停息挂账"]),
        (None, LINE, ["stdin: 停息挂账"]),
        (None, f"{LINE}\n{LINE}", ["stdin#1: 停息挂账", "stdin#2: 停息挂账"]),
        (None, f"[{LINE}]", ["stdin: 停息挂账"]),
        (None, SRT, ["stdin: 停息挂账"]),
        (None, VTT, ["stdin: 停息挂账"]),
        (None, "[坐席] 停息挂账", ["stdin: 停息挂账"]),
        ("a.json", "", ["! a.json is empty"]),
        ("a.txt", " \n\t\n", ["! a.txt is empty"]),
        ("a.json", "[]", ["! a.json holds no transcript"]),
        ("a.srt", "停息挂账", ["! a.srt: no subtitle cue in it: a cue begins 00:00:01,000 --> …"]),
        ("a.md", "停息挂账", ["! a.md is not a transcript: transcripts are .json, .jsonl, .srt, "
                           ".vtt or .txt"]),
        ("a.json", "停息挂账", ["! a.json:1: not valid JSON at column 1: Expecting value"]),
        ("a.json", f"[{LINE},\n{{,", ["a#1: 停息挂账", "! a.json:2: not valid JSON at column 2: "
                                   "Expecting property name enclosed in double quotes"]),
        ("a.json", f"[{LINE} {LINE}]", ["a#1: 停息挂账", "! a.json:1: not valid JSON at column 32: "
                                      "Expecting ',' delimiter"]),
    ],
)  # fmt: skip
def test_kinds(name: str | None, text: str, items: list[str]) -> None:
    assert shape(Path(name) if name else None, text.encode()) == items


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", None])
@pytest.mark.parametrize("broken", ["{", "{'", "停息", LINE[:-4], LINE + LINE, "[", "null", "\x00"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_line_loses_no_other(name: str | None, broken: str, place: int) -> None:
    lines = [LINE.replace("停息", f"第{n}") for n in range(2)]
    lines.insert(place, broken)
    stem = "a" if name else "stdin"
    items = shape(Path(name) if name else None, "\n".join(lines).encode())
    good = [n for n in range(3) if n != place]
    assert [items[n] for n in good] == [f"{stem}#{n + 1}: 第{i}挂账" for i, n in enumerate(good)]
    assert items[place].startswith(f"! {name or 'stdin'}:{place + 1}: ")
    assert "停息" not in items[place]


def test_lines_are_ended_by_line_ends_only() -> None:
    text = json.dumps({"turns": [{"text": "一\u2028二\x85三"}]}, ensure_ascii=False)
    assert shape(Path("a.jsonl"), f"{text}\n{text}".encode()) == [
        "a#1: 一\u2028二\x85三", "a#2: 一\u2028二\x85三"
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "客户：停息挂账"), ("a.srt", SRT), ("a.vtt", VTT),
                       ("a.json", LINE), ("a.jsonl", LINE)],
)  # fmt: skip
def test_encodings(name: str, text: str, encoding: str) -> None:
    assert shape(Path(name), text.encode(encoding)) == ["a: 停息挂账"]


def test_damaged_utf8_is_not_taken_for_gb18030() -> None:
    data = bytearray("客户：我要停息挂账，你们看着办".encode())
    data[12] = 0xFF
    (item,) = read_transcripts(Path("a.txt"), bytes(data))
    assert isinstance(item, Transcript)
    assert item.turns[0].text.endswith("停息挂账，你们看着办")
    assert [n.code for n in item.notices] == ["damaged_text"]


@pytest.mark.parametrize(
    "data", [b"caf\xe9 \xff\xff", random.Random(1).randbytes(999).replace(b"\0", b"")]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    (item,) = read_transcripts(Path("a.txt"), data)
    assert isinstance(item, TranscriptError)


def test_audio_called_txt_is_refused() -> None:
    assert "not a transcript" in shape(Path("a.txt"), b"RIFF\x24\0\0\0WAVEfmt ")[0]


def test_a_line_over_the_limit_loses_no_other() -> None:
    data = f"{LINE}\n{' ' * 5000}{LINE}\n{LINE}\n".encode()
    items = list(read_transcripts(Path("a.jsonl"), io.BytesIO(data), limits=Limits(line=1000)))
    assert [isinstance(item, Transcript) for item in items] == [True, False, True]
    assert str(items[1]) == "a.jsonl:2: the line is longer than 1000 bytes"


def test_a_line_over_chunks_is_one_line() -> None:
    data = f'{LINE}\n{{"x": "{"y" * (3 << 20)}", "turns": []}}\n{LINE}'.encode()
    assert [type(item) for item in read_transcripts(Path("a.jsonl"), data)] == [Transcript] * 3


def test_two_calls_with_one_id_are_told() -> None:
    data = b'{"id": 7, "turns": []}\n{"id": "7", "turns": []}'
    first, second = read_transcripts(Path("a.jsonl"), data)
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert (first.id, second.id) == ("7", "7")
    assert [n.code for n in (*first.notices, *second.notices)] == ["duplicate_id"]


def test_places_that_can_not_be_read(tmp_path: Path) -> None:
    assert "is a folder" in shape(tmp_path)[0]
    assert "does not exist" in shape(tmp_path / "none.json")[0]
    assert "can't be read" in shape(Path("a\0b.json"))[0]
    assert "neither a file nor a pipe" in shape(Path("/dev/zero"))[0]
    assert shape(None) == ["! no transcript was given"]


def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xff.json")
    path.write_text(LINE, encoding="utf-8")
    assert shape(path) == ["a\\udcff: 停息挂账"]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(LINE, encoding="utf-8"))
    writer.start()
    assert shape(pipe) == ["pipe: 停息挂账"]
    writer.join()


SEEDS = [
    LINE.encode(), f"{LINE}\n{LINE}\n".encode(), f"[{LINE}]".encode(), SRT.encode(), VTT.encode(),
    "[00:00:01] 坐席：您好\n客户：停息\n".encode(), "客户：停息挂账\n".encode("gb18030"),
    b'{"id":"1","turns":[{"text":"a","start":1.5,"end":2,"words":[{"text":"a"}]}],"events":[]}',
]  # fmt: skip
NAMES = ["a.json", "a.jsonl", "a.srt", "a.vtt", "a.txt", "a.wav", "a"]


@given(
    st.sampled_from(SEEDS), st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3), st.binary(max_size=6)), max_size=5),
)  # fmt: skip
def test_mutated_bytes_give_transcripts_or_typed_errors(
    data: bytes, name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    for at, cut, put in changes:
        at %= len(data) + 1
        data = data[:at] + put + data[at + cut :]
    for item in read_transcripts(Path(name), data):
        assert isinstance(item, Transcript | TranscriptError)
        if isinstance(item, Transcript):
            assert [turn.index for turn in item.turns] == list(range(len(item.turns)))


@given(st.binary(max_size=300), st.sampled_from(NAMES))
def test_any_bytes_give_transcripts_or_typed_errors(data: bytes, name: str) -> None:
    for item in read_transcripts(Path(name), data):
        assert isinstance(item, Transcript | TranscriptError)


def labelled(tmp_path: Path, *documents: object) -> Path:
    path = tmp_path / "l.jsonl"
    path.write_text("\n".join(json.dumps(d) for d in documents), encoding="utf-8")
    return path


def test_labels_stand_beside_the_turns(tmp_path: Path) -> None:
    path = labelled(tmp_path, {
        "id": "1", "risk": "high", "lang": "zh", "scenario": "x",
        "turns": [{"text": "a", "labels": ["b", "c"]}, {"text": "", "labels": []}, {"text": "d"}],
    }, {"turns": [{"text": "a", "labels": []}]})  # fmt: skip
    first, second = read_labelled(path)
    assert first.risk == "high"
    assert first.labels == (frozenset({"b", "c"}), frozenset(), frozenset())
    assert [t.text for t in first.transcript.turns] == ["a", "", "d"]
    assert first.transcript.notices == ()
    assert (second.risk, second.labels, second.transcript.id) == (None, (frozenset(),), "l#2")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"turns": [{"text": "秘密"}]}, "l.jsonl:2: has no labels"),
        ({"risk": "huge", "turns": []}, "l.jsonl:2: risk is not one of none, low, medium, high"),
        ({"turns": [{"text": "秘密", "labels": "秘密"}]}, "turns[0].labels is not a list"),
        ({"turns": [{"text": "秘密", "labels": [["秘密"]]}]}, "turns[0].labels is not a list"),
        ({"turns": [{}]}, "l.jsonl:2: turns[0].text is missing"),
    ],
)
def test_what_is_not_labelled_is_refused(tmp_path: Path, document: object, said: str) -> None:
    path = labelled(tmp_path, {"risk": "none", "turns": []}, document)
    calls = read_labelled(path)
    next(calls)
    with pytest.raises(TranscriptError) as caught:
        next(calls)
    assert said in str(caught.value)
    assert "秘密" not in str(caught.value)


def test_text_has_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("客户：喂", encoding="utf-8")
    with pytest.raises(TranscriptError, match="has no labels"):
        list(read_labelled(path))
