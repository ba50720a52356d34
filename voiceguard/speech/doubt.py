"""Marking what may have been heard into music."""

from __future__ import annotations

from collections.abc import Sequence

from voiceguard.domain import Event, Notice, Turn

#: A note is taken for a voice for no longer than this, within or next to the music, ms.
_LONGEST_MS, _NEXT_MS = 2_000, 1_500


def beside_music(turns: Sequence[Turn], events: Sequence[Event]) -> tuple[Notice, ...]:
    """A warning on every short turn that lies in or next to music of its channel."""
    music = [e for e in events if e.kind == "music"]
    return tuple(
        Notice("beside_music", "short words beside music: perhaps nobody said them", turn.index)
        for turn in turns
        if turn.span is not None and turn.span.duration <= _LONGEST_MS
        and any(e.channel == turn.channel and e.span.gap(turn.span) <= _NEXT_MS for e in music)
    )
