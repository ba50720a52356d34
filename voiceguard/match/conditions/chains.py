"""Pieces near each other: one place of every part, no two neighbours too far apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from voiceguard.match.conditions.found import Found, close, follows, joined
from voiceguard.rules.conditions import Distance

#: Places of a part that are tried around a piece, the nearest first, and chains tried in all:
#: beyond it more of the same would be found, at a cost that grows with the power of the parts.
_NEAREST, _TRIES = 12, 2000
_MOST = 5


def chains(
    parts: Sequence[Sequence[Found]], against: Sequence[Found], within: Distance, ordered: bool,
    turn: int,
) -> tuple[Found, ...]:
    """Chains that count in ``turn``: their last piece of evidence lies in it.

    Args:
        parts: places of each part, in all turns within reach.
        against: places that no piece may be near to.
        within: greatest distance between neighbours.
        ordered: the parts must follow each other as given.
    """
    made: dict[Found, None] = {}
    tries = _TRIES
    for i, places in enumerate(parts):
        for anchor in places:
            if anchor.turn != turn:
                continue
            for chain in _around(parts, i, anchor):
                tries -= 1
                if tries < 0 or len(made) >= _MOST:
                    return tuple(made)
                if _last(chain) is anchor and _fits(chain, within, ordered) and not any(
                    close(piece, wrong, within) for piece in chain for wrong in against
                ):
                    made[joined(chain, "near") if len(chain) > 1 else anchor] = None
                    break
    return tuple(made)


def _around(parts: Sequence[Sequence[Found]], i: int, anchor: Found) -> Iterator[list[Found]]:
    """Ways to choose the other parts, the nearest to ``anchor`` first."""
    def away(found: Found) -> tuple[int, int]:
        return abs(found.turn - anchor.turn), abs(found.start - anchor.start)

    near = [[anchor] if j == i else sorted(places, key=away)[:_NEAREST]
            for j, places in enumerate(parts)]

    def choose(j: int, chosen: list[Found]) -> Iterator[list[Found]]:
        if j == len(near):
            yield chosen
            return
        for found in near[j]:
            if all(_apart(found, other) for other in chosen):
                yield from choose(j + 1, [*chosen, found])

    yield from choose(0, [])


def _apart(a: Found, b: Found) -> bool:
    """Whether two pieces are not the same words."""
    return a.turn != b.turn or a.end <= b.start or b.end <= a.start


def _last(chain: Sequence[Found]) -> Found:
    """The piece in whose turn the chain counts."""
    own = [f for f in chain if f.own]
    return max(own or chain, key=lambda f: f.place)


def _fits(chain: Sequence[Found], within: Distance, ordered: bool) -> bool:
    row = chain if ordered else sorted(chain, key=lambda f: f.place)
    if ordered and not all(follows(a, b) for a, b in pairwise(row)):
        return False
    return all(close(a, b, within) for a, b in pairwise(row))
