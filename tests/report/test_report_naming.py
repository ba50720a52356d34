"""Names of output files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.report import EXPORTERS, exporter, name_outputs
from voiceguard.report.naming import MAX_BYTES

SUFFIXES = [exporter(name).suffix for name in EXPORTERS]
PATHS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.lists(
            st.sampled_from(["a", "b", "A", "call.wav", "call.mp3", "a-b", "c", "..", "call-2"]),
            min_size=1,
            max_size=4,
        ).map("/".join),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        (["x/call.wav"], ["call"]),
        (["monday/call.wav", "tuesday/call.wav"], ["monday-call", "tuesday-call"]),
        (["w/1/call.wav", "w/2/call.wav", "w/2/other.wav"], ["1-call", "2-call", "other"]),
        (["call.wav", "call.mp3"], ["call", "call.mp3"]),
        (["call.wav", "call.wav"], ["call", "call.wav"]),
        (["call.wav"] * 3, ["call", "call.wav", "call.wav-2"]),
        (["Call.wav", "call.wav"], ["Call", "call.wav"]),
        (["通话 1.wav", "2024.05.12.mp3"], ["通话 1", "2024.05.12"]),
        (["CON.wav", "aux.b.mp3", "nul"], ["_CON", "_aux.b", "_nul"]),
        (["a:b?.wav", "-rf.wav", ".hidden.wav"], ["a_b_", "rf", "hidden"]),
        (["x\u202egnp.wav"], ["x_gnp"]),
        (["x.labels.wav"], ["x_labels"]),
    ],
)  # fmt: skip
def test_names_are_short_where_they_can_be(inputs: list[str], wanted: list[str]) -> None:
    assert list(name_outputs(inputs)) == wanted


def test_taken_names_are_left_alone() -> None:
    assert name_outputs(["calls.wav"], taken=["calls"]) == ("calls.wav",)


def test_long_names_are_cut_and_kept_apart() -> None:
    names = name_outputs([f"{'长' * 300}{n}.wav" for n in range(3)])
    assert len(set(names)) == 3
    assert all(len(name.encode("utf-8")) <= MAX_BYTES for name in names)


@given(PATHS)
def test_names_never_collide_and_are_safe(inputs: list[str]) -> None:
    names = name_outputs(inputs)
    assert names == name_outputs(inputs)
    files = [name + suffix for name in names for suffix in SUFFIXES]
    assert len({unicodedata.normalize("NFC", file).casefold() for file in files}) == len(files)
    for name in names:
        assert name and Path(name).name == name and name.isprintable()
        assert not set('<>:"/\\|?*') & set(name)
        assert name[0] not in ".-" and name[-1] not in ". "
        assert len(name.encode("utf-8")) <= MAX_BYTES
