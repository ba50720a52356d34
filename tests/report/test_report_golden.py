"""Each text format, letter for letter. After a wanted change: ``python test_report_golden.py``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
from sample_report import TITLES, sample_exhibit, small_report

from voiceguard.report import Exhibit, exporter

GOLDEN = Path(__file__).parent / "golden"
FORMATS = ("json", "jsonl", "csv", "srt", "vtt", "txt", "audacity")


def written(name: str, exhibit: Exhibit) -> bytes:
    out = io.BytesIO()
    exporter(name).write([exhibit], out)
    return out.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_small_report_is_as_approved(name: str) -> None:
    golden = GOLDEN / f"small{exporter(name).suffix}"
    assert written(name, Exhibit(small_report(), TITLES)) == golden.read_bytes()


@pytest.mark.parametrize("name", [*FORMATS, "xlsx", "html"])
def test_equal_reports_give_equal_bytes(name: str) -> None:
    first = written(name, sample_exhibit(sound=True))
    assert first == written(name, sample_exhibit(sound=True))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in FORMATS:
        target = GOLDEN / f"small{exporter(each).suffix}"
        target.write_bytes(written(each, Exhibit(small_report(), TITLES)))
