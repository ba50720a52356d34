"""What was said, as strangers wrote it down → Transcript."""

from voiceguard.ingest.transcripts.labelled import LabelledCall, read_labelled
from voiceguard.ingest.transcripts.reading import read_transcripts

__all__ = ["LabelledCall", "read_labelled", "read_transcripts"]
