"""Taking times side by side, and what the machine could do in the same minute."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Clock = Callable[[], float]


#: What may tell the time. CPU time of all threads, on a machine that is busy with other work: with
#: one thread it is the wall time of an idle one.
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(slots=True)
class Timed:
    """Seconds of every round, and what the last one returned."""

    seconds: list[float] = field(default_factory=list)
    result: Any = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        return min(self.seconds)


def rounds(
    contestants: Mapping[str, Callable[[], Any]], count: int, warm: bool = True,
    clock: Clock = time.perf_counter, patience: float = math.inf,
) -> dict[str, Timed]:
    """Let all run ``count`` times, in turns, every second round backwards.

    Args:
        warm: one round before that is not counted.
        patience: after so many seconds no further round begins, if one is done.
    """
    until = time.perf_counter() + patience
    out = {name: Timed() for name in contestants}
    for number in range(-int(warm), count):
        if number > 0 and time.perf_counter() > until:
            break
        names = list(contestants)
        for name in names if number % 2 == 0 else reversed(names):
            started = clock()
            out[name].result = contestants[name]()
            if number >= 0:
                out[name].seconds.append(clock() - started)
    return out


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine did at best.

    Attributes:
        rate: operations of a matrix product a second.
        bandwidth: bytes read from memory a second.
        load: processes that wanted a core, this one too, in the mean of the last minute.
        kind: number format of the product.
    """

    rate: float
    bandwidth: float
    load: float
    kind: str = "float32"

    def __str__(self) -> str:
        return (f"{self.kind} matrix product {self.rate / 1e9:.0f} GF/s, memory read "
                f"{self.bandwidth / 1e9:.1f} GB/s, load {self.load:.1f}")


def calibrate(
    device: str = "cpu", kind: str = "float32", clock: Clock = time.perf_counter
) -> Machine:
    """Measure the machine, in a second or two."""
    import torch

    rate = 0.0
    dtype = getattr(torch, kind)
    shapes = [(1500, 512, 2048), (1500, 2048, 512), (2048, 2048, 2048)]
    if device.startswith("cuda"):
        shapes.append((8192, 8192, 8192))
    for rows, inner, columns in shapes:
        a = torch.rand(rows, inner, device=device).to(dtype)
        b = torch.rand(columns, inner, device=device).to(dtype).t()
        best = min(stopwatch(lambda a=a, b=b: a @ b, device, clock) for _ in range(6))
        rate = max(rate, 2 * rows * inner * columns / best)
    held = torch.ones(8192, 16384, device=device)  # 512 MiB: no cache holds it
    vector = torch.ones(16384, device=device)
    reads = [stopwatch(work, device, clock) for _ in range(3)
             for work in (held.sum, lambda: held @ vector)]
    return Machine(rate, held.nbytes / min(reads), os.getloadavg()[0], kind)


def stopwatch(
    work: Callable[[], Any], device: str = "cpu", clock: Clock = time.perf_counter
) -> float:
    """Seconds that ``work`` takes, to its end on the device."""
    import torch

    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    started = clock()
    work()
    wait()
    return clock() - started
