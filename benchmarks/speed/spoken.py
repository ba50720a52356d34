"""The shipped model on calls whose words are known: how fast, and how right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.speed import ours
from benchmarks.speed.audio import Laid, calls, read, write
from benchmarks.speed.clock import Clock, Timed, calibrate, rounds
from benchmarks.speed.rivals import Batched, Whisper
from benchmarks.speed.table import against, character_errors, ratio, seconds, table

ENGINES = ("openai-whisper", "faster-whisper")
#: Windows that are padded for comparison, which takes long.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Bench:
    """What all sections share: calls as files, their channels, and how often to measure."""

    laid: list[Laid]
    paths: list[Path]
    channels: list[Any]
    folder: Path
    threads: int
    count: int
    clock: Clock = time.perf_counter
    patience: float = 1800.0

    @classmethod
    def make(cls, folder: Path, threads: int, count: int, lengths: Sequence[float],
             clock: Clock = time.perf_counter, patience: float = 1800.0) -> Bench:
        """Lay out calls of these lengths (s) and write them to ``folder``."""
        laid = calls(lengths)
        paths = [folder / f"call-{n}.wav" for n in range(len(laid))]
        for call, path in zip(laid, paths, strict=True):
            write(call, path)
        channels = [channel for path in paths for channel in read(path)]
        return cls(laid, paths, channels, folder, threads, count, clock, patience)

    @property
    def texts(self) -> list[str]:
        return [text for call in self.laid for text in call.texts]

    @property
    def seconds(self) -> float:
        return sum(call.seconds for call in self.laid)


def measure(bench: Bench, model: Path) -> dict[str, str]:
    """The sections ``spoken`` and ``causes`` of the page."""
    whisper = Whisper(model)
    batched = Batched(model, bench.folder / "rival", bench.threads)
    engines = {name: ours.engine(name, model) for name in ENGINES}
    analyses = {name: ours.Analysis(engine) for name, engine in engines.items()}
    windows = ours.windows_of(bench.paths, engines[ENGINES[0]].longest)
    machine = calibrate(clock=bench.clock)
    print(machine, flush=True)
    whole = rounds({
        "whisper.transcribe": lambda: whisper.texts(bench.channels),
        "BatchedInferencePipeline": lambda: batched.texts(bench.channels),
        **{name: lambda a=a: a.texts(bench.paths) for name, a in analyses.items()},
    }, bench.count, clock=bench.clock, patience=bench.patience)
    print({k: seconds(v) for k, v in whole.items()}, flush=True)
    whole |= rounds({  # once: they only show what other options would change
        "whisper.transcribe, conditioned": lambda: whisper.texts(bench.channels, condition=True),
        "BatchedInferencePipeline, 4 s": lambda: batched.texts(bench.channels, chunk=4),
    }, 1, warm=False, clock=bench.clock)
    few = windows[:: -(-len(windows) // _FEW)]
    same = rounds({
        "whisper.transcribe": lambda: whisper.texts(w.samples for w in few),
        **{name: lambda e=e: ours.window_texts(e, few) for name, e in engines.items()},
    }, bench.count, clock=bench.clock, patience=bench.patience)
    print({k: seconds(v) for k, v in same.items()}, flush=True)
    return {"spoken": _spoken(bench, whole, same, len(few), str(machine)),
            "causes": _causes(bench, model, whisper, windows)}


def _spoken(
    bench: Bench, whole: dict[str, Timed], same: dict[str, Timed], windows: int, machine: str
) -> str:
    errors = {name: character_errors(bench.texts, t.result) for name, t in whole.items()}
    slow, rival = whole["whisper.transcribe"], whole["BatchedInferencePipeline"]
    labels = {
        "whisper.transcribe": "`whisper.transcribe`, each channel",
        "whisper.transcribe, conditioned": "`whisper.transcribe`, conditioned on the text before "
                                           "(its default); one run",
        "BatchedInferencePipeline": "`faster_whisper.BatchedInferencePipeline`, each channel",
        "BatchedInferencePipeline, 4 s": "`BatchedInferencePipeline`, `chunk_length=4`; one run",
        **{name: f"**`analyze`, engine `{name}`**" for name in ENGINES},
    }
    rows = [(labels[name], seconds(t), f"{bench.seconds / t.median:.1f}", f"{errors[name]:.3f}",
             ratio(slow, t), ratio(rival, t)) for name, t in whole.items()]
    first = table(("whole calls", "s: median (minimum)", "× real time", "CER",
                   "against `whisper.transcribe`", "against `BatchedInferencePipeline`"), rows)
    second = table(
        (f"the same {windows} windows for all, no VAD", "s: median (minimum)",
         "against `whisper.transcribe`"),
        [(f"`{n}`", seconds(t), ratio(same["whisper.transcribe"], t)) for n, t in same.items()],
    )
    verdicts = [
        f"* `analyze` ({name}) against `whisper.transcribe`: "
        f"{against(slow.median / whole[name].median, 4)}, at CER {errors[name]:.3f} against "
        f"{errors['whisper.transcribe']:.3f}; same windows: "
        f"{against(same['whisper.transcribe'].median / same[name].median, 2)}"
        for name in ENGINES
    ]
    verdicts.append("* engine faster-whisper against `BatchedInferencePipeline`: "
                    f"{against(rival.median / whole['faster-whisper'].median, 1)}")
    verdicts.append("* engine openai-whisper against `BatchedInferencePipeline`: "
                    f"{rival.median / whole['openai-whisper'].median:.2f} × (no target)")
    share = sum(sum(call.speech) for call in bench.laid) / (2 * bench.seconds)
    return (f"{bench.seconds:.0f} s of stereo calls, {share:.0%} speech per channel; "
            f"{bench.threads} thread(s), {len(slow.seconds)} round(s) in turns. The machine in "
            f"the same minute: {machine}.\n\n{first}\n\n{second}\n\n" + "\n".join(verdicts))


def _causes(bench: Bench, model: Path, whisper: Whisper, windows: list[Any]) -> str:
    """What each idea is worth on the shipped model, by doing without it."""
    name = "openai-whisper"
    shipped, single = ours.engine(name, model), ours.engine(name, model, batch_size=1)
    untimed = ours.engine(name, model, word_times="none")
    padded: Any = ours.engine(name, model)
    padded._habits = replace(padded._habits, padded=True)
    unsorted = ours.engine(name, model)
    few = windows[:_FEW]

    def in_order() -> list[str]:
        from unittest import mock

        from voiceguard.transcribe.engines import lookahead

        with mock.patch.object(lookahead, "_AHEAD", 1):
            return ours.window_texts(unsorted, windows)

    found = rounds({
        "all": lambda: ours.window_texts(shipped, windows),
        "single": lambda: ours.window_texts(single, windows),
        "order": in_order,
        "untimed": lambda: ours.window_texts(untimed, windows),
        "few": lambda: ours.window_texts(shipped, few),
        "padded": lambda: ours.window_texts(padded, few),
        "whisper": lambda: whisper.texts(bench.channels[-2:]),
        "whisper untimed": lambda: whisper.texts(bench.channels[-2:], words=False),
    }, bench.count, clock=bench.clock, patience=bench.patience)
    speech = sum(len(w.samples) for w in windows) / 16000
    saved = _shrunk(shipped, windows)
    heard = speech / (2 * bench.seconds)
    rows = [
        ("silence is not decoded (VAD)", f"{1 - heard:.0%} of the audio is left out",
         f"{1 / heard:.2f} ×"),
        ("windows at their own length, not padded to 30 s (checkpoints trained so)",
         f"{seconds(found['padded'])} → {seconds(found['few'])} s ({len(few)} windows)",
         ratio(found["padded"], found["few"])),
        ("16 windows at once", f"{seconds(found['single'])} → {seconds(found['all'])} s",
         ratio(found["single"], found["all"])),
        ("windows sorted by length, 4 batches ahead",
         f"{seconds(found['order'])} → {seconds(found['all'])} s",
         ratio(found["order"], found["all"])),
        ("windows that are done leave the batch (counted, not timed)",
         f"{saved:.0%} of the decoder's rows are left out", "–"),
        ("word times from what decoding left in memory",
         f"{found['all'].median / found['untimed'].median - 1:+.0%} for word times; "
         f"`whisper.transcribe` "
         f"{found['whisper'].median / found['whisper untimed'].median - 1:+.0%}", "–"),
    ]
    return table(("cause", "without → with", "gain"), rows)


def _shrunk(engine: Any, windows: list[Any]) -> float:
    """Share of rows that a batch which did not shrink would have computed in vain."""
    from unittest import mock

    lengths: list[list[int]] = []
    decode = engine._decode

    def watched(batch: Any, memory: Any) -> Any:
        out = decode(batch, memory)
        lengths.append([len(d.tokens) + 1 for d in out])
        return out

    with mock.patch.object(engine, "_decode", watched):
        list(engine.transcribe(windows))
    return 1 - sum(map(sum, lengths)) / sum(max(batch) * len(batch) for batch in lengths)
