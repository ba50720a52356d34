"""Where is talk: samples → speech spans → windows that a recogniser can hold."""

from voiceguard.speech.detector import SileroDetector, Speech, SpeechDetector, SpeechOptions
from voiceguard.speech.packing import GAP_MS, Packer

__all__ = ["GAP_MS", "Packer", "SileroDetector", "Speech", "SpeechDetector", "SpeechOptions"]
