"""The seam: what an exporter gets, what it does, and how one is found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import BinaryIO, Protocol, cast

from voiceguard.domain import CallReport
from voiceguard.errors import UsageError

EXPORTERS: dict[str, str] = {
    "json": "voiceguard.report.document:JsonExporter",
    "jsonl": "voiceguard.report.document:JsonLinesExporter",
    "csv": "voiceguard.report.tables:CsvExporter",
    "xlsx": "voiceguard.report.tables:XlsxExporter",
    "srt": "voiceguard.report.lines:SrtExporter",
    "vtt": "voiceguard.report.lines:VttExporter",
    "txt": "voiceguard.report.lines:TxtExporter",
    "audacity": "voiceguard.report.lines:AudacityExporter",
    "html": "voiceguard.report.html:HtmlExporter",
}
ENTRY_POINTS = "voiceguard.exporters"


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound that travels inside an html report.

    Attributes:
        mime: a type that browsers play, such as ``audio/ogg`` or ``audio/wav``.
        data: the bytes of the file; its time 0 is the report's time 0.
    """

    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A report and what may be shown beside it; exporters take what they can use.

    Attributes:
        report: the call.
        titles: category id → (Chinese, English); an unknown category shows its id.
        audio: None for a report without sound.
        peaks: per channel, loudness 0 to 1 of equally long stretches of the whole recording.
    """

    report: CallReport
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    audio: Audio | None = None
    peaks: Sequence[Sequence[float]] = ()


class Exporter(Protocol):
    """Writes reports in one format.

    Attributes:
        name: what ``--format`` calls it.
        suffix: of its files, with the dot.
        gathers: one file can hold any number of calls; otherwise exactly one.
    """

    name: str
    suffix: str
    gathers: bool

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """Write ``exhibits`` to ``out``, which stays open.

        Raises:
            OutputError: this call can't be shown in this format.
            UsageError: several calls for a format that holds one.
        """


def format_names() -> tuple[str, ...]:
    """Every known format: ours first, then those of installed plugins."""
    plugins = sorted({point.name for point in entry_points(group=ENTRY_POINTS)} - set(EXPORTERS))
    return (*EXPORTERS, *plugins)


def exporter(name: str) -> Exporter:
    """The exporter called ``name``, imported now.

    Raises:
        UsageError: no such format.
    """
    if name in EXPORTERS:
        module, _, attribute = EXPORTERS[name].partition(":")
        return cast(Exporter, getattr(import_module(module), attribute)())
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return cast(Exporter, point.load()())
    raise UsageError(f"unknown format {name!r}", f"one of {', '.join(format_names())}")


def only(exhibits: Iterable[Exhibit], name: str) -> Exhibit:
    """The one exhibit there is, for formats that hold one call.

    Raises:
        UsageError: none, or several.
    """
    found = list(exhibits)
    if len(found) != 1:
        raise UsageError(f"a {name} file holds one call, not {len(found)}")
    return found[0]
