"""The raw format's little language, and the bounds of the options."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguard.audio import AudioOptions, RawFormat
from voiceguard.audio.options import ALIASES, ENCODINGS
from voiceguard.errors import UsageError

MONO = {"gsm", "vox"}
formats = st.builds(
    RawFormat,
    st.integers(1000, 192_000),
    st.sampled_from(sorted(set(ENCODINGS) - MONO)),
    st.integers(1, 8),
)


@given(formats)
def test_text_and_back(raw):
    assert RawFormat.parse(str(raw)) == raw
    assert RawFormat.parse(f" {raw.rate} : {raw.encoding.upper()} : {raw.channels} ") == raw


@given(st.text(max_size=30))
def test_anything_else_is_a_usage_error(text):
    try:
        raw = RawFormat.parse(text)
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        assert RawFormat.parse(str(raw)) == raw


@given(
    st.lists(st.sampled_from(["8000", "alaw", "2", ":", "", "-1", "s16", "٢", "1e3"]), max_size=6)
)
def test_nearly_right_is_a_usage_error_or_right(parts):
    text = ":".join(parts)
    right = (
        len(parts) == 3 and parts[0] == "8000" and parts[1] in ("alaw", "s16") and parts[2] == "2"
    )
    if right:
        assert RawFormat.parse(text).channels == 2
    else:
        with pytest.raises(UsageError):
            RawFormat.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8000:alaw", "not RATE:ENCODING:CHANNELS"),
        ("8000:alaw:2:1", "not RATE:ENCODING:CHANNELS"),
        ("alaw:8000:2", "not RATE:ENCODING:CHANNELS"),
        ("8000:opus:2", "unknown raw encoding"),
        ("0:alaw:2", "not within"),
        ("999999:alaw:2", "not within"),
        ("8000:alaw:0", "must be 1 to 8"),
        ("8000:alaw:9", "must be 1 to 8"),
        ("8000:gsm:2", "has one channel"),
    ],
)
def test_malformed(text, said):
    with pytest.raises(UsageError, match=said):
        RawFormat.parse(text)


def test_aliases_lead_to_encodings():
    assert set(ALIASES.values()) <= set(ENCODINGS)
    assert RawFormat.parse("8000:A-law:2") == RawFormat(8000, "alaw", 2)
    assert RawFormat.parse("16000:s16:1") == RawFormat(16000, "pcm_s16le", 1)
    assert RawFormat.parse("8000:u8:1") == RawFormat(8000, "pcm_u8", 1)


@pytest.mark.parametrize("bad", [{"rate": 0}, {"rate": 10**6}, {"block_ms": 0}, {"max_ms": 0}])
def test_options_out_of_range(bad):
    with pytest.raises(UsageError):
        AudioOptions(**bad)


def test_heavy_packages_wait_until_they_are_needed():
    code = (
        "import sys, voiceguard.audio\n"
        "heavy = {'librosa', 'av', 'soundfile', 'soxr', 'scipy', 'numba'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
