"""VoiceGuard: call-recording speech analysis for consumer finance."""

__version__ = "0.1.0"
