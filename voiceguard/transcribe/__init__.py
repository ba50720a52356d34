"""Windows of speech → words with times → what is believed of them → turns."""

from voiceguard.transcribe.guards import Finding, Guard, Sound, guard, guard_notices, listen
from voiceguard.transcribe.options import GUARDS, GuardOptions, TranscribeOptions
from voiceguard.transcribe.transcriber import ENGINES, Transcriber, load_transcriber
from voiceguard.transcribe.turns import ChannelWords, TurnBuilder, assemble

__all__ = [
    "ENGINES", "GUARDS", "ChannelWords", "Finding", "Guard", "GuardOptions", "Sound",
    "TranscribeOptions", "Transcriber", "TurnBuilder", "assemble", "guard", "guard_notices",
    "listen", "load_transcriber",
]  # fmt: skip
