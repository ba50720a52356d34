"""Random weights of Whisper's sizes, a fixed number of tokens: what real models will take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.speed import ours
from benchmarks.speed.clock import Timed, calibrate, rounds
from benchmarks.speed.phases import Phases, phases
from benchmarks.speed.rivals import Batched, Whisper
from benchmarks.speed.spoken import ENGINES, Bench
from benchmarks.speed.table import against, ratio, seconds, table
from benchmarks.speed.weights import fix_tokens, random_checkpoint
from benchmarks.speed.work import SIZES, Size

#: Of Mandarin speech; all contestants write the same number of tokens in all.
TOKENS_A_SECOND = 6
#: Rounds of a size that takes long.
_FEW = {"small": 2}


@dataclass(frozen=True, slots=True)
class Run:
    """A size measured.

    Attributes:
        whole: contestants by name.
        phases: by engine.
        windows: of VoiceGuard, and tokens in each.
        seconds: of the call.
    """

    size: Size
    whole: dict[str, Timed]
    phases: dict[str, Phases]
    windows: tuple[int, int]
    seconds: float
    rounds: int
    machine: str


def measure(bench: Bench, names: Sequence[str]) -> dict[str, str]:
    """The sections ``size-…`` and ``cost`` of the page."""
    runs = []
    for name in names:
        runs.append(_run(bench, SIZES[name]))
        print(_whole(runs[-1]), flush=True)
    pages = {f"size-{run.size.name}": f"{_whole(run)}\n\n{_phases(run)}" for run in runs}
    return {**pages, "cost": _cost(bench, runs)}


def _run(bench: Bench, size: Size) -> Run:
    checkpoint = random_checkpoint(size, bench.folder / f"{size.name}.pt")
    count = min(bench.count, _FEW.get(size.name, bench.count))
    engines: dict[str, Any] = {n: ours.engine(n, checkpoint) for n in ENGINES}
    single: Any = ours.engine(ENGINES[0], checkpoint, batch_size=1)
    shares = {name: phases(engine, size, count, bench.clock)
              for name, engine in engines.items()}
    print({n: (s.encode, s.steps) for n, s in shares.items()}, flush=True)

    path, channels = bench.paths[:1], bench.channels[:2]  # one call is enough
    tokens = TOKENS_A_SECOND * sum(bench.laid[0].speech)
    windows = ours.windows_of(path, engines[ENGINES[0]].longest)
    each = round(tokens / len(windows))
    for engine in (*engines.values(), single):
        fix_tokens(engine, each)
    padded = sum(math.ceil(len(c) / 16000 / 30) for c in channels)
    whisper = Whisper(checkpoint, tokens=round(tokens / padded))
    batched = Batched(checkpoint, bench.folder / f"rival-{size.name}", bench.threads)
    theirs = sum(len(batched.segments(c, words=False, tokens=4)) for c in channels)
    analyses = {n: ours.Analysis(e) for n, e in engines.items()}

    def on_windows() -> list[str]:
        whisper.tokens = each
        try:
            return whisper.texts(w.samples for w in windows)
        finally:
            whisper.tokens = round(tokens / padded)

    machine = calibrate(clock=bench.clock)
    whole = rounds({
        "whisper": lambda: whisper.texts(channels),
        "windows": on_windows,
        "single": lambda: ours.window_texts(single, windows),
        "batch": lambda: ours.window_texts(engines[ENGINES[0]], windows),
        "batched": lambda: batched.texts(channels, tokens=round(tokens / theirs)),
        **{name: lambda a=a: a.texts(path) for name, a in analyses.items()},
    }, count, warm=size.name not in _FEW, clock=bench.clock,
       patience=bench.patience)
    done = len(whole["whisper"].seconds)
    checkpoint.unlink()
    return Run(size, whole, shares, (len(windows), each), bench.laid[0].seconds, done,
               str(machine))


def _whole(run: Run) -> str:
    w = run.whole
    slow, rival = w["whisper"], w["batched"]
    rows = [
        ("`whisper.transcribe`, each channel", seconds(slow), "1", "–"),
        ("`whisper.transcribe`, VoiceGuard's windows", seconds(w["windows"]),
         ratio(slow, w["windows"]), "VAD"),
        ("engine `openai-whisper`, the same windows, one by one", seconds(w["single"]),
         ratio(slow, w["single"]), "one encoding for text and times; weights laid out once"),
        ("engine `openai-whisper`, the same windows, 16 at once", seconds(w["batch"]),
         ratio(slow, w["batch"]), "batches"),
        ("**`analyze`, engine `openai-whisper`**", seconds(w[ENGINES[0]]),
         ratio(slow, w[ENGINES[0]]), "with reading, VAD and rules"),
        ("**`analyze`, engine `faster-whisper`**", seconds(w[ENGINES[1]]),
         ratio(slow, w[ENGINES[1]]), "CTranslate2 instead of PyTorch"),
        ("`BatchedInferencePipeline`, each channel", seconds(rival), ratio(slow, rival), "–"),
    ]
    made = table(("", "s: median (minimum)", "against `whisper.transcribe`", "what is new"), rows)
    windows, tokens = run.windows
    verdicts = [
        f"* `analyze` ({n}) against `whisper.transcribe`: "
        f"{against(slow.median / w[n].median, 4)}; against `BatchedInferencePipeline`: "
        + (f"{rival.median / w[n].median:.2f} × (no target)" if n == ENGINES[0]
           else against(rival.median / w[n].median, 1))
        for n in ENGINES
    ]
    verdicts.append("* same windows, engine openai-whisper against `whisper.transcribe`: "
                    f"{against(w['windows'].median / w['batch'].median, 2)}")
    return (f"{windows} windows with {tokens} tokens each, {run.seconds:.0f} s of stereo calls, "
            f"{run.rounds} round(s); {run.machine}.\n\n{made}\n\n" + "\n".join(verdicts))


def _phases(run: Run) -> str:
    rows = [
        (f"`{name}`",
         f"{p.encode:.2f} s, {run.size.encoder() / p.encode / 1e9:.0f} of {p.rate / 1e9:.0f} GF/s",
         against(p.encoder_share(run.size), 0.9),
         f"{p.steps[1] * 1e3:.1f} ms", against(p.step_share(run.size), 0.6),
         against(p.gain(8), 4, digits=1))
        for name, p in run.phases.items()
    ]
    return table(("engine", "encoding a window", "share of the matrix-product rate", "a step",
                  "share of the bandwidth limit", "batch 8 ÷ batch 1, tokens/s"), rows)


def _cost(bench: Bench, runs: Sequence[Run]) -> str:
    """Core-hours for a thousand hours; sizes that were not run are scaled by operations."""
    rows = []
    for run in runs:
        cells = [f"{1000 * bench.threads * run.whole[n].median / run.seconds:.0f}"
                 for n in ENGINES]
        rows.append((f"`{run.size.name}`", *cells, "measured"))
    last = runs[-1]
    tokens = last.windows[1]
    for size in SIZES.values():
        if size.name in {run.size.name for run in runs}:
            continue
        factor = size.window(tokens) / last.size.window(tokens)
        cells = [f"{1000 * bench.threads * last.whole[n].median / last.seconds * factor:.0f}"
                 for n in ENGINES]
        rows.append((f"`{size.name}`", *cells, f"not measured: {factor:.1f} × the operations of "
                                               f"`{last.size.name}`"))
    return table(("size", "core-hours, engine `openai-whisper`",
                  "core-hours, engine `faster-whisper`", "how known"), rows)
