"""Where is talk: samples → speech spans → windows that a recogniser can hold."""

from voiceguard.speech.detector import SileroDetector, Speech, SpeechDetector, SpeechOptions
from voiceguard.speech.doubt import beside_music
from voiceguard.speech.line import LineDetector
from voiceguard.speech.packing import GAP_MS, Packer

__all__ = [
    "GAP_MS", "LineDetector", "Packer", "SileroDetector", "Speech", "SpeechDetector",
    "SpeechOptions", "beside_music",
]  # fmt: skip
