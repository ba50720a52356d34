"""CTranslate2 on this machine: is it there, where does it compute, and with how many threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceguard.errors import ModelError, UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is computed.

    Attributes:
        device: ``cpu`` or ``cuda``.
        index: which of them.
        precision: the fastest that leaves the text as it is in float32.
    """

    device: str
    index: int
    precision: str

    def __str__(self) -> str:
        return self.device if self.device == "cpu" else f"{self.device}:{self.index}"


def place_for(wanted: str) -> Place:
    """Where to compute.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        UsageError: CTranslate2 is not installed, or sees no such device.
    """
    try:
        import ctranslate2
    except (ImportError, OSError) as error:
        raise UsageError(
            f"engine 'faster-whisper' is not installed ({type(error).__name__})",
            "run pip install 'voiceguard[fast]', or use '--engine openai-whisper'",
        ) from error
    there = ctranslate2.get_cuda_device_count()
    kind, _, number = wanted.partition(":")
    if kind == "auto":
        kind = "cuda" if there else "cpu"
    index = int(number or 0)
    if kind == "cuda" and index >= there:
        raise UsageError(
            f"engine 'faster-whisper' finds no device {wanted!r} (CTranslate2 sees {there} GPUs)",
            "use --device cpu, or '--engine openai-whisper'",
        )
    known = ctranslate2.get_supported_compute_types(kind, index)
    half = kind == "cuda" and "float16" in known
    return Place(kind, index, "float16" if half else "float32")


def load(folder: Path, name: str, place: Place) -> Any:
    """A converted model.

    Args:
        name: of its checkpoint, for messages.

    Raises:
        ModelError: it can't be loaded, or does not run there.
    """
    import ctranslate2
    import numpy as np

    try:
        model = ctranslate2.models.Whisper(
            str(folder), device=place.device, device_index=place.index,
            compute_type=place.precision, inter_threads=1, intra_threads=threads(),
        )
        if place.device == "cuda":
            # Its libraries are opened by the first product of matrices, and may not be there.
            trial = np.zeros((1, model.n_mels, 100), np.float32)
            model.encode(ctranslate2.StorageView.from_array(trial), to_cpu=True)
    except (RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{name} does not run on {place} with CTranslate2 ({reason})",
            "try another --device, or '--engine openai-whisper'",
        ) from error
    return model


def threads() -> int:
    """As many as PyTorch uses, which follows the settings; never more than cores we may use.

    The two never compute at once: each waits for the other's result.
    """
    import torch

    count = torch.get_num_threads()
    if hasattr(os, "sched_getaffinity"):
        count = min(count, len(os.sched_getaffinity(0)))
    return max(1, count)
