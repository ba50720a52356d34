"""The sound layer: Mandarin text as syllables, with the sounds that telephones confuse folded.

A recogniser that mishears writes other characters of the same or a similar sound. Comparing
toneless pinyin, with the pairs that speakers and 8 kHz lines merge treated as one, finds the
phrase all the same: 停西挂帐 sounds as 停息挂账 does.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

#: Initials that are merged: southern accents lose the retroflex, n and l, f and h are one in many.
_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "h": "f"}
#: Spoken forms of what recognisers write as digits.
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_ALL_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")


@dataclass(frozen=True, slots=True)
class Sounds:
    """Text as sound: parallel tuples, one entry a sounding character.

    Attributes:
        key: one code point a syllable, equal where the folded sounds are equal; two texts sound
            alike where their keys are equal, and a phrase is found with ``str.find``.
        pinyin: syllables with tone digit, such as ``ting2``.
        origin: index of each syllable's character in the text.
    """

    key: str
    pinyin: tuple[str, ...]
    origin: tuple[int, ...]


def split(syllable: str) -> tuple[str, str, str]:
    """``zhang4`` → ``("zh", "ang", "4")``; the tone is empty where there is none."""
    tone = syllable[-1] if syllable[-1:].isdigit() else ""
    bare = syllable[: len(syllable) - len(tone)]
    initial = next((i for i in _ALL_INITIALS if bare.startswith(i)), "")
    return initial, bare[len(initial) :], tone


@functools.lru_cache(maxsize=4096)
def fold(syllable: str) -> str:
    """The class of sounds that ``syllable`` belongs to: toneless, confusable pairs merged."""
    initial, final, _ = split(syllable)
    if final.endswith("ng"):
        final = final[:-1]
    return _INITIALS.get(initial, initial) + final


@functools.lru_cache(maxsize=65536)
def _code(folded: str) -> str:
    """A code point for a class of sounds, the same in every process.

    A hash into the planes above the BMP; that the whole syllabary meets no collision is tested.
    """
    import hashlib

    digest = hashlib.blake2b(folded.encode(), digest_size=4).digest()
    return chr(0x10000 + int.from_bytes(digest, "big") % 0xF0000)


def _singly(rest: str) -> str:
    """What has no pinyin, a character at a time, so that syllables keep step with characters."""
    return list(rest)  # type: ignore[return-value]  # pypinyin takes a list, its stubs do not


def sounds(text: str) -> Sounds:
    """Syllables of normalised text; characters without a sound are left out.

    Polyphones are read in context (pypinyin's phrase dictionary); digits as spoken; a Latin letter
    stands for itself.
    """
    from pypinyin import Style, lazy_pinyin

    spoken = "".join(_DIGITS.get(c, c) for c in text)
    pinyin = lazy_pinyin(spoken, style=Style.TONE3, errors=_singly, neutral_tone_with_five=True)
    kept = [(s, i) for i, s in enumerate(pinyin) if s[0].isascii() and s[0].isalnum()]
    return Sounds(
        "".join(_code(fold(s)) for s, _ in kept),
        tuple(s for s, _ in kept),
        tuple(i for _, i in kept),
    )


@functools.lru_cache(maxsize=65536)
def syllable_similarity(heard: str, wanted: str) -> float:
    """How alike two syllables (with tone) sound, 0 to 1.

    1 for the same syllable and tone, 0.97 where only the tone differs, 0.9 where only confusable
    sounds differ, else the similarity of their letters (rapidfuzz), at most 0.8.
    """
    if heard == wanted:
        return 1.0
    if heard.rstrip("12345") == wanted.rstrip("12345"):
        return 0.97
    if fold(heard) == fold(wanted):
        return 0.9
    from rapidfuzz.distance import Levenshtein

    return 0.8 * Levenshtein.normalized_similarity(heard.rstrip("12345"), wanted.rstrip("12345"))
