"""What strangers hand us: transcripts, reports and call metadata → domain values.

::

    for item in read_transcripts(Path("calls.jsonl")):        # Transcript or TranscriptError
        ...
    known = read_metadata(Path("calls.csv"), {"客户号": "customer_id"})
    info = from_filename("{agent_id}_{_}", path).merged(sidecar(path)).merged(known.lookup(path))
    known.unused(), known.unmatched(paths), known.problems    # what did not fit together
"""

from voiceguard.ingest.beside import from_filename, sidecar
from voiceguard.ingest.hints import read_hints
from voiceguard.ingest.metadata import Metadata, Row, read_metadata
from voiceguard.ingest.raw import Limits
from voiceguard.ingest.transcripts import LabelledCall, read_labelled, read_transcripts

__all__ = [
    "LabelledCall", "Limits", "Metadata", "Row", "from_filename", "read_hints", "read_labelled",
    "read_metadata", "read_transcripts", "sidecar",
]  # fmt: skip
