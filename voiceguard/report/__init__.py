"""A call's report, written for people and for programs: one value in, files of nine kinds out.

``export`` writes one call, ``gather`` many calls into one file, ``name_outputs`` finds file names
that never collide. ``report_document`` is the contract as a dict.
"""

from voiceguard.report.document import (
    flag_document,
    one_line,
    report_document,
    transcript_document,
)
from voiceguard.report.exporter import EXPORTERS, Audio, Exhibit, Exporter, exporter, format_names
from voiceguard.report.files import export, gather
from voiceguard.report.naming import name_outputs

__all__ = [
    "EXPORTERS", "Audio", "Exhibit", "Exporter",
    "export", "exporter", "flag_document", "format_names", "gather", "name_outputs", "one_line",
    "report_document", "transcript_document",
]  # fmt: skip
