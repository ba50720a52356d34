"""Batches of windows that are alike, out of a stream of windows that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from voiceguard.domain import Window

T = TypeVar("T")

#: Batches looked ahead.
_AHEAD = 4


def alike(
    windows: Iterable[Window], size: int, batch: Callable[[list[Window]], list[T]]
) -> Iterator[tuple[str, T]]:
    """``(window id, result)`` in the order of the windows.

    A batch lasts as long as its longest text and is as wide as its longest window: a few batches
    are read ahead and made of windows with about as much speech.

    Args:
        batch: what is done to at most ``size`` windows; one result each.
    """
    rest = iter(windows)
    while some := list(islice(rest, _AHEAD * size)):
        order = sorted(range(len(some)), key=lambda i: len(some[i].samples))
        ready: dict[int, T] = {}
        given = 0
        for at in range(0, len(some), size):
            mine = order[at : at + size]
            ready.update(zip(mine, batch([some[i] for i in mine]), strict=True))
            while given in ready:
                yield some[given].id, ready.pop(given)
                given += 1
