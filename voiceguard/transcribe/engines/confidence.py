"""What a recogniser's own probability of a word is worth.

A recogniser's probabilities say which words it prefers, not how often it is right. A curve that was
fitted on speech with a known text says that; it lies beside the checkpoint, ``NAME.pt`` →
``NAME.confidence.json``::

    {"schema": "voiceguard.confidence/1", "model_sha256": "…", "curve": [[0.1, 0.2], [0.9, 0.95]]}

``python -m training.asr.calibrate`` makes it. A checkpoint without one keeps its own probabilities.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from voiceguard.errors import ModelError

SCHEMA = "voiceguard.confidence/1"
_SUFFIX = ".confidence.json"


@dataclass(frozen=True, slots=True)
class Confidence:
    """From the mean probability of a word's tokens to the share of such words that are right.

    Attributes:
        curve: ``(probability, share)``, both 0 to 1, the first rising, the second never falling;
            straight lines between, level beyond. Empty: the probability as it is.
    """

    curve: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        flat = [v for knot in self.curve for v in knot]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(self.curve)]
        if not (all(0 <= v <= 1 for v in flat) and all(x > 0 and y >= 0 for x, y in steps)):
            raise ValueError("a curve of confidence must rise within 0 to 1")

    def of(self, probability: float) -> float:
        """Chance that a word is right whose tokens have this ``probability``."""
        if not self.curve:
            return probability
        at = bisect_right(self.curve, probability, key=lambda knot: knot[0])
        if at in (0, len(self.curve)):
            return self.curve[min(at, len(self.curve) - 1)][1]
        (x0, y0), (x1, y1) = self.curve[at - 1 : at + 1]
        return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)

    def __str__(self) -> str:
        return "calibrated" if self.curve else "raw"


def beside(checkpoint: Path) -> Path:
    """Where the curve of a checkpoint lies."""
    return checkpoint.with_name(checkpoint.stem + _SUFFIX)


def confidence_of(checkpoint: Path, sha256: str) -> Confidence:
    """The curve of a checkpoint, none where it has none.

    Args:
        sha256: of the checkpoint.

    Raises:
        ModelError: the curve can't be read, or was fitted to another checkpoint.
    """
    path = beside(checkpoint)
    try:
        said = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Confidence()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not JSON"
        raise ModelError(f"{path.name} can't be read ({reason})", _ADVICE) from error
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise ModelError(f"{path.name} is no curve of confidence ({SCHEMA})", _ADVICE)
    if said.get("model_sha256") != sha256:
        raise ModelError(f"{path.name} was fitted to another model than {checkpoint.name}", _ADVICE)
    try:
        curve = Confidence(tuple(map(_knot, said["curve"])))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path.name} holds no rising curve", _ADVICE) from error
    return curve


_ADVICE = "fit it with 'python -m training.asr.calibrate', or remove it to use raw probabilities"


def _knot(pair: Sequence[Any]) -> tuple[float, float]:
    x, y = pair
    return float(x), float(y)
