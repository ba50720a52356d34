"""On a GPU: times real time by size and batch, the share of what is possible, and the rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.speed import ours
from benchmarks.speed.clock import Machine, calibrate, rounds, stopwatch
from benchmarks.speed.rivals import Batched, Whisper
from benchmarks.speed.sizes import TOKENS_A_SECOND
from benchmarks.speed.spoken import Bench
from benchmarks.speed.table import table
from benchmarks.speed.weights import fix_tokens, random_checkpoint
from benchmarks.speed.work import SIZES, Size
from voiceguard.domain import Window

NAMES = ("small", "turbo", "large-v3")
BATCHES = (1, 8, 16, 32, 64)
#: Windows that the slowest contestant gets.
_FEW = 8


def measure(bench: Bench) -> dict[str, str]:
    """The section ``gpu`` of the page."""
    import torch

    if not torch.cuda.is_available():
        return {"gpu": "The machine that wrote this page has no GPU: **not measured**."}
    windows = tiled(ours.windows_of(bench.paths, 28_000), max(BATCHES))
    parts = [f"{torch.cuda.get_device_name()}, float16, {len(windows)} windows."]
    parts += [sweep(bench, SIZES[name], windows, BATCHES, "cuda", "float16") for name in NAMES]
    return {"gpu": "\n\n".join(parts)}


def tiled(windows: Sequence[Window], count: int) -> list[Window]:
    """``count`` windows with names of their own, the longest of the given, again and again."""
    longest = sorted(windows, key=lambda w: -len(w.samples))[: max(1, len(windows) // 2)]
    return [replace(longest[i % len(longest)], id=f"{longest[i % len(longest)].id}{i}")
            for i in range(count)]


def sweep(
    bench: Bench, size: Size, windows: Sequence[Window], batches: Sequence[int], device: str,
    kind: str,
) -> str:
    """One size on one device: every batch, and the rivals on the same windows."""
    checkpoint = random_checkpoint(size, bench.folder / f"{size.name}.pt")
    audio = sum(len(w.samples) for w in windows) / 16000
    tokens = round(TOKENS_A_SECOND * audio / len(windows))
    machine = calibrate(device, kind)
    rows = []
    for name in ("openai-whisper", "faster-whisper"):
        for batch in batches:
            try:
                engine: Any = ours.engine(name, checkpoint, batch_size=batch, device=device)
            except Exception as error:  # no CUDA libraries for CTranslate2, no room, …
                rows.append((f"`{name}`", str(batch), f"– ({type(error).__name__})", "–"))
                break
            fix_tokens(engine, tokens)
            some = windows[: max(batch, _FEW)]
            took = rounds({"": lambda e=engine, w=some: _waited(e, w, device)}, bench.count)[""]
            heard = sum(len(w.samples) for w in some) / 16000
            best = ceiling(size, machine, len(some), batch, tokens, 2 if kind != "float32" else 4)
            rows.append((f"`{name}`", str(batch), f"{heard / took.median:.0f} ×",
                         f"{best / took.median:.2f}"))
            del engine
    rows += _rivals(bench, checkpoint, windows[:_FEW], tokens, device, kind)
    checkpoint.unlink()
    return (f"### `{size.name}` on {device}\n\n{tokens} tokens a window; {machine}.\n\n"
            + table(("engine", "batch", "times real time (of speech)", "share of the ceiling"),
                    rows))


def ceiling(
    size: Size, machine: Machine, windows: int, batch: int, tokens: int, width: int
) -> float:
    """Seconds below which the work can't be done: all matrix products at their best rate, and
    every step's reading or computing, whichever takes longer; nothing at the same time."""
    fixed = (size.encoder() + size.remembering()) / machine.rate * windows
    step = max(size.step_bytes(batch, width=width) / machine.bandwidth,
               batch * size.step() / machine.rate)
    return fixed + tokens * step * windows / batch


def _waited(engine: Any, windows: Sequence[Window], device: str) -> float:
    return stopwatch(lambda: ours.window_texts(engine, windows), device)


def _rivals(
    bench: Bench, checkpoint: Any, windows: Sequence[Window], tokens: int, device: str, kind: str
) -> list[tuple[str, str, str, str]]:
    import numpy as np

    heard = sum(len(w.samples) for w in windows) / 16000
    whisper = Whisper(checkpoint, device, tokens)
    took = rounds({"": lambda: whisper.texts(w.samples for w in windows)}, bench.count)[""]
    out = [("`whisper.transcribe`", "1", f"{heard / took.median:.0f} ×", "–")]
    try:
        batched = Batched(checkpoint, bench.folder / f"rival-gpu-{checkpoint.stem}", bench.threads,
                          device, kind)
    except Exception as error:
        return [*out, ("`BatchedInferencePipeline`", "16", f"– ({type(error).__name__})", "–")]
    joined = np.concatenate([w.samples for w in windows])
    count = len(batched.segments(joined, words=False, tokens=4))
    each = round(tokens * len(windows) / max(1, count))
    took = rounds({"": lambda: batched.texts([joined], tokens=each)}, bench.count)[""]
    return [*out, ("`BatchedInferencePipeline`", "16", f"{heard / took.median:.0f} ×", "–")]
