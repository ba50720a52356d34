"""VoiceGuard's own ``analyze``, whole and in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.speed.clock import Clock
from voiceguard.domain import Engine, Window, Word
from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
from voiceguard.rules import load_library, load_playbook
from voiceguard.speech import LineDetector, SpeechDetector, SpeechOptions
from voiceguard.transcribe import TranscribeOptions, Transcriber, load_transcriber

#: No second tries: they are drawn, and every engine draws otherwise.
OPTIONS = TranscribeOptions(temperatures=(0.0,))


def engine(name: str, checkpoint: Path, **changed: Any) -> Transcriber:
    """An engine of VoiceGuard."""
    return load_transcriber(name, checkpoint, replace(OPTIONS, **changed))


class Analysis:
    """``analyze`` over recordings, ready to be run again and again."""

    def __init__(
        self, transcriber: Transcriber,
        detector: Callable[[SpeechOptions], SpeechDetector] = LineDetector,
    ) -> None:
        judge = Judge(load_library(), load_playbook())
        self._analyzer = Analyzer(transcriber, judge, AnalyzeOptions(), detector=detector)

    def heard(self, paths: Sequence[Path]) -> list[Heard]:
        """Reports of the recordings, in their order."""
        found = {}
        for result in self._analyzer.analyze(Call(p.stem, str(p)) for p in paths):
            if not isinstance(result, Heard):
                raise SystemExit(f"{result.call.path}: {result.error}")
            found[result.call.id] = result
        return [found[p.stem] for p in paths]

    def texts(self, paths: Sequence[Path]) -> list[str]:
        """The text of each channel of each recording."""
        out = []
        for heard in self.heard(paths):
            turns = heard.report.transcript.turns
            out += ["".join(t.text for t in turns if t.channel == c) for c in (0, 1)]
        return out


def windows_of(paths: Sequence[Path], longest: int) -> list[Window]:
    """What ``analyze`` would give to an engine that takes windows of ``longest`` ms."""
    keeper = _Keeper(longest)
    Analysis(keeper).heard(paths)
    return keeper.kept


def window_texts(transcriber: Transcriber, windows: Sequence[Window]) -> list[str]:
    """The text of each window."""
    found = {key: "".join(w.text for w in words) for key, words in transcriber.transcribe(windows)}
    return [found[w.id] for w in windows]


class _Keeper:
    """A recogniser that hears nothing and keeps what it was given."""

    engine = Engine("keeper", "1", "none", None, "zh")

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.kept: list[Window] = []

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        for window in windows:
            self.kept.append(window)
            yield window.id, ()


class Watched:
    """A recogniser whose own time is taken, without the stages that feed it.

    Args:
        said: writes the words that are handed on in place of the recogniser's; random weights
            say nothing that rules and reports could work on.
    """

    def __init__(self, inner: Transcriber, said: Transcriber | None, clock: Clock) -> None:
        self._inner, self._said, self._clock = inner, said, clock
        self.seconds = 0.0
        self._fed = 0.0

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    @property
    def longest(self) -> int:
        return self._inner.longest

    def transcribe(self, windows: Iterable[Window]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        given: dict[str, Window] = {}
        results = self._inner.transcribe(self._feed(windows, given))
        while True:
            started, before = self._clock(), self._fed
            found = next(results, None)
            self.seconds += self._clock() - started - (self._fed - before)
            if found is None:
                return
            window = given.pop(found[0])
            yield found if self._said is None else next(self._said.transcribe([window]))

    def _feed(self, windows: Iterable[Window], given: dict[str, Window]) -> Iterator[Window]:
        rest = iter(windows)
        while True:
            started = self._clock()
            window = next(rest, None)
            self._fed += self._clock() - started
            if window is None:
                return
            given[window.id] = window
            yield window


class WatchedDetector:
    """The speech detector with its time taken; one sum for all channels.

    Args:
        spent: a list of one number, to which seconds are added.
    """

    def __init__(self, options: SpeechOptions, spent: list[float], clock: Clock) -> None:
        self._inner, self._spent, self._clock = LineDetector(options), spent, clock

    @property
    def sounds(self) -> Any:
        return self._timed(lambda: self._inner.sounds)

    @property
    def settled(self) -> int:
        return self._inner.settled

    def feed(self, samples: Any) -> Any:
        return self._timed(lambda: self._inner.feed(samples))

    def finish(self) -> Any:
        return self._timed(self._inner.finish)

    def _timed(self, work: Callable[[], Any]) -> Any:
        started = self._clock()
        try:
            return work()
        finally:
            self._spent[0] += self._clock() - started
