"""The machine: precision, threads, GPU, and the disk that models lie on."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from voiceguard.doctor.finding import Check, Verdict

#: Room for the largest model, and for the smallest that is of use, in bytes.
_LARGE, _SMALL = 3_200_000_000, 500_000_000
_TORCH = "pip install --force-reinstall torch"


def checks(model_dir: Path | None) -> tuple[Check, ...]:
    """What decides about speed, and whether a model can be kept."""
    return (
        Check("machine", "precision", _TORCH, _precision),
        Check("machine", "threads", _TORCH, _threads),
        Check("machine", "GPU", "install PyTorch for the GPU's driver: https://pytorch.org", _gpu),
        Check("machine", "model folder", "give another folder with --model-dir",
              lambda: _folder(model_dir)),
    )  # fmt: skip


def _precision() -> Verdict:
    import torch

    from voiceguard.transcribe.network.precision import bfloat16_hardware

    level = torch.backends.cpu.get_cpu_capability()
    onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call, unused-ignore]
    half = bfloat16_hardware()
    detail = f"float32 ({level}{', oneDNN' if onednn else ''})"
    detail += f", bfloat16 in hardware ({', '.join(half)})" if half else ", no bfloat16 hardware"
    if level == "DEFAULT" or not onednn:
        return Verdict("limited", detail, "this is slow; use a CPU with AVX2 or better")
    if not half:
        return Verdict("limited", detail, "nothing need be done; a CPU with AVX512-BF16 or AMX, or "
                                          "a GPU, is faster")  # fmt: skip
    return Verdict("ok", detail)


def _threads() -> Verdict:
    import torch

    from voiceguard.transcribe.threads import usable_cores

    cores, used = usable_cores(), torch.get_num_threads()
    detail = f"{cores} cores for us, PyTorch uses {used}"
    if used > cores or (used == 1 and cores > 1):
        return Verdict("limited", detail, f"set OMP_NUM_THREADS={cores}")
    return Verdict("ok", detail)


def _gpu() -> Verdict:
    import torch

    if not torch.cuda.is_available():
        if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
            return Verdict(
                "limited", "this PyTorch is for CPUs only, which do the work",
                "nothing need be done; for a GPU install its PyTorch: https://pytorch.org",
            )
        return Verdict(
            "limited", "PyTorch finds no GPU, the CPU does the work",
            "nothing need be done; if there is a GPU, check with nvidia-smi that its driver works",
        )
    # Only a computation shows whether this PyTorch has code for this GPU.
    if float((torch.ones(2, device="cuda") * 2).sum()) != 4.0:
        return Verdict("missing", "the GPU computes wrong")
    device = torch.cuda.get_device_properties(0)
    return Verdict("ok", f"{device.name}, {device.total_memory / 1e9:.0f} GB, "
                         f"{torch.cuda.device_count()} in all")  # fmt: skip


def _folder(model_dir: Path | None) -> Verdict:
    """Whether models can be kept there; makes nothing that stays."""
    from voiceguard.transcribe.models import default_folder

    folder = default_folder() if model_dir is None else model_dir
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return Verdict("missing", f"{there} is not a folder")
    if there == folder.absolute():
        try:
            tempfile.TemporaryFile(dir=there).close()
            writable = True
        except OSError:
            writable = False
    else:
        writable = os.access(there, os.W_OK | os.X_OK)
    if not writable:
        return Verdict(
            "limited", f"{there} may not be written: no model can be pulled",
            "change its permissions, or give another folder with --model-dir",
        )
    free = shutil.disk_usage(there).free
    detail = f"{folder}: {free / 1e9:.1f} GB free"
    if free < _SMALL:
        return Verdict("limited", f"{detail}, too little for any useful model", "make room")
    if free < _LARGE:
        return Verdict("limited", f"{detail}, too little for the large models", "make room")
    return Verdict("ok", detail)
