"""Windows of speech → words with times → turns."""

from voiceguard.transcribe.options import TranscribeOptions
from voiceguard.transcribe.transcriber import ENGINES, Transcriber, load_transcriber
from voiceguard.transcribe.turns import ChannelWords, TurnBuilder, assemble

__all__ = [
    "ENGINES", "ChannelWords", "TranscribeOptions", "Transcriber", "TurnBuilder", "assemble",
    "load_transcriber",
]
