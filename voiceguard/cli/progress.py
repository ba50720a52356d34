"""A progress bar with audio time, speed and time left; plain lines where there is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from voiceguard.pipeline import Call


class Meter:
    """Counts calls and audio; shows a bar on a terminal and nothing elsewhere."""

    def __init__(self, console: Console, calls: int, *, enabled: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = console
        self._progress = Progress(
            TextColumn("calls"), MofNCompleteColumn(), BarColumn(),
            TextColumn("{task.fields[audio]} of audio, {task.fields[speed]:.1f}× real time"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            console=console, disable=not enabled or not console.is_terminal, transient=True,
        )
        self._task = self._progress.add_task("calls", total=calls, audio="0:00", speed=0.0)
        self._audio_ms = 0
        self._started = time.monotonic()

    def __enter__(self) -> Meter:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def audio(self, call: Call, ms: int) -> None:
        """``ms`` more of a recording have been read."""
        self._audio_ms += ms
        seconds = self._audio_ms // 1000
        speed = self._audio_ms / 1000 / max(time.monotonic() - self._started, 1e-3)
        clock = f"{seconds // 60}:{seconds % 60:02d}"
        self._progress.update(self._task, audio=clock, speed=speed)

    def call(self) -> None:
        """One more call is done."""
        self._progress.advance(self._task)

    def say(self, line: str) -> None:
        """A line to stderr, above the bar."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
