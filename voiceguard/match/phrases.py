"""Finding a phrase in a turn: letter for letter, by sound, nearly by sound, or with gaps.

How near is near enough is fixed by the phrase's length in syllables, since a short phrase
resembles too much:

========  =========  ==========================================================
syllables  by sound  nearly by sound
========  =========  ==========================================================
1–2       no         no
3–5       yes        no
6 or more yes        one syllable heard otherwise, left out or put in
========  =========  ==========================================================

A piece of a phrase with gaps counts with the length of the whole phrase for *by sound*, and with
its own for *nearly*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from voiceguard.match.hit import Hit, TurnText
from voiceguard.rules import Phrase
from voiceguard.text import Sounds, sounds, syllable_similarity

SOUND_FROM, FUZZY_FROM = 3, 6
#: Characters that may stand in a gap (``…``).
GAP = 8


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    sounds: Sounds
    by_sound: bool
    nearly: bool


class PhraseFinder:
    """One phrase, compiled."""

    def __init__(self, phrase: Phrase) -> None:
        self._wanted = phrase.text
        spoken = [sounds(piece) for piece in phrase.pieces]
        syllables = sum(len(s.key) for s in spoken)
        self._pieces = tuple(
            _Piece(text, s, phrase.sound and len(s.key) > 1 and syllables >= SOUND_FROM,
                   phrase.sound and len(s.key) >= FUZZY_FROM)
            for text, s in zip(phrase.pieces, spoken, strict=True)
        )

    def find(self, turn: TurnText) -> Iterator[Hit]:
        """Every place in which the phrase is heard, in order."""
        first, *rest = self._pieces
        for hit in self._places(first, turn):
            if not rest:
                yield hit
                continue
            chain = self._continue(hit, rest, turn)
            if chain:
                score = sum(h.score for h in chain) / len(chain)
                yield Hit(hit.start, chain[-1].end, "near", round(score, 3), self._wanted)

    def _continue(self, first: Hit, rest: list[_Piece], turn: TurnText) -> list[Hit]:
        """``first`` and the nearest place of every further piece, empty where one is missing."""
        chain = [first]
        for piece in rest:
            end = chain[-1].end
            following = next(
                (h for h in self._places(piece, turn) if end <= h.start <= end + GAP), None
            )
            if following is None:
                return []
            chain.append(following)
        return chain

    def _places(self, piece: _Piece, turn: TurnText) -> list[Hit]:
        hits: list[Hit] = []
        if piece.text in turn.normalised.text:
            hits += self._exact(piece, turn)
        if piece.by_sound and piece.sounds.key in turn.sounds.key:
            hits += self._sounding(piece, turn, taken={h.start for h in hits})
        if piece.nearly and not hits:
            hits += self._nearly(piece, turn)
        return sorted(hits, key=lambda h: h.start)

    def _exact(self, piece: _Piece, turn: TurnText) -> Iterator[Hit]:
        text, at = turn.normalised.text, -1
        while (at := text.find(piece.text, at + 1)) >= 0:
            yield Hit(at, at + len(piece.text), "exact", 1.0, self._wanted)

    def _sounding(self, piece: _Piece, turn: TurnText, taken: set[int]) -> Iterator[Hit]:
        heard, size, at = turn.sounds, len(piece.sounds.key), -1
        while (at := heard.key.find(piece.sounds.key, at + 1)) >= 0:
            start, end = heard.origin[at], heard.origin[at + size - 1] + 1
            if start not in taken:
                yield Hit(start, end, "sound", self._score(piece, heard, at, at + size),
                          self._wanted)

    def _nearly(self, piece: _Piece, turn: TurnText) -> Iterator[Hit]:
        heard, size = turn.sounds, len(piece.sounds.key)
        if len(heard.key) < size - 1:
            return
        # One edit in n syllables leaves a partial ratio of at least 1 − 1/n for the best window.
        found = fuzz.partial_ratio_alignment(
            piece.sounds.key, heard.key, score_cutoff=100 * (1 - 1 / size) - 1
        )
        if found is None:
            return
        window = heard.key[found.dest_start : found.dest_end]
        if Levenshtein.distance(piece.sounds.key, window, score_cutoff=1) > 1:
            return
        start, end = heard.origin[found.dest_start], heard.origin[found.dest_end - 1] + 1
        score = self._score(piece, heard, found.dest_start, found.dest_end)
        yield Hit(start, end, "fuzzy", score, self._wanted)

    @staticmethod
    def _score(piece: _Piece, heard: Sounds, start: int, end: int) -> float:
        """Mean likeness of the aligned syllables; one that is missing or too many counts 0."""
        wanted = piece.sounds
        total = 0.0
        for code in Levenshtein.opcodes(wanted.key, heard.key[start:end]):
            if code.tag in ("equal", "replace"):
                total += sum(
                    syllable_similarity(heard.pinyin[start + j], wanted.pinyin[i])
                    for i, j in zip(
                        range(code.src_start, code.src_end),
                        range(code.dest_start, code.dest_end),
                        strict=True,
                    )
                )
        return round(total / max(len(wanted.key), end - start), 3)
