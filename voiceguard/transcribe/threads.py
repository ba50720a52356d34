"""How many threads compute: set once, before the model is loaded."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def set_threads(wanted: int) -> None:
    """Let torch compute with ``wanted`` threads; 0: as many as there are cores for this process.

    Torch counts the machine's cores, so that in a container with a share of them its threads would
    wait for each other. A number given to OpenMP by ``OMP_NUM_THREADS`` stands.
    """
    import torch

    if wanted or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(wanted or min(usable_cores(), torch.get_num_threads()))
    with suppress(RuntimeError):  # can't be changed any more; nothing here uses them
        torch.set_num_interop_threads(1)


def usable_cores() -> int:
    """Cores that this process may use: its own affinity, and the quota of its container."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has it
        cores = os.cpu_count() or 1
    try:
        quota, period = _CPU_QUOTA.read_text().split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return cores
