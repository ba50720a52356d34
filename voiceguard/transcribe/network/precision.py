"""Which number format each phase of the network computes in, by device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voiceguard.errors import UsageError

if TYPE_CHECKING:
    import torch

#: What may be asked for.
Wanted = Literal["auto", "float32", "bfloat16", "float16"]

_CPU_INFO = Path("/proc/cpuinfo")
#: What a matrix unit for bfloat16 is called, on x86 and ARM.
_HARDWARE = ("amx_bf16", "avx512_bf16", "bf16")
#: Narrower encoders spend their time elsewhere, so that bfloat16 gains them nothing.
_WIDE_ENOUGH = 384


@dataclass(frozen=True, slots=True)
class Precision:
    """Names of torch's types for the phases.

    Reading weights for a handful of rows is no faster in bfloat16 on a CPU, rather slower: there
    the decoder stays in float32.
    """

    encoder: str
    decoder: str

    def __str__(self) -> str:
        if self.encoder == self.decoder:
            return self.encoder
        return f"encoder {self.encoder}, decoder {self.decoder}"

    def types(self) -> tuple[torch.dtype, torch.dtype]:
        """The same as torch types."""
        import torch

        kinds: dict[str, Any] = {"float32": torch.float32, "bfloat16": torch.bfloat16,
                                 "float16": torch.float16}
        return kinds[self.encoder], kinds[self.decoder]


def choose(wanted: Wanted, device: str, width: int) -> Precision:
    """The formats for a model whose encoder is ``width`` wide; the same on every run.

    Raises:
        UsageError: the device can't compute in the format asked for.
    """
    if device.startswith("cuda"):
        kind = "float16" if wanted == "auto" else wanted
        return Precision(kind, kind)
    if wanted == "float16":
        raise UsageError("precision float16 needs a GPU", "use float32, bfloat16 or auto on a CPU")
    fast = wanted == "auto" and width >= _WIDE_ENOUGH and bool(bfloat16_hardware())
    return Precision("bfloat16" if fast or wanted == "bfloat16" else "float32", "float32")


def bfloat16_hardware() -> list[str]:
    """What multiplies bfloat16 matrices in this CPU's hardware; empty where nothing does."""
    return [name for name in _HARDWARE if name in _cpu_flags()]


def _cpu_flags() -> frozenset[str]:
    """Features of the first processor, empty where the system does not tell."""
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    named = (line.partition(":") for line in lines)
    found = next((v for key, _, v in named if key.strip() in ("flags", "Features")), "")
    return frozenset(found.split())
