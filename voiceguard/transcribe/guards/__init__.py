"""Guards against invented text: what a recogniser wrote but nobody said.

They stand between an engine and the turns. Each is a pure function of a window's pieces, the levels
of its sound, its words and the options; what it drops or doubts becomes a warning.
"""

from voiceguard.transcribe.guards.guard import Finding, Guard, guard, guard_notices
from voiceguard.transcribe.guards.heard import Sound, listen

__all__ = ["Finding", "Guard", "Sound", "guard", "guard_notices", "listen"]
