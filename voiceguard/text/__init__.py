"""Pure functions on text: from what was written down to what is compared."""

from voiceguard.text.normalise import Normalised, normalise
from voiceguard.text.simplify import simplify
from voiceguard.text.sound import Sounds, fold, sounds, syllable_similarity

__all__ = [
    "Normalised", "Sounds", "fold", "normalise", "simplify", "sounds", "syllable_similarity",
]  # fmt: skip
