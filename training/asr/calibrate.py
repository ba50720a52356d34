"""What a model's probabilities are worth: ``python -m training.asr.calibrate demo``.

Analyses synthetic calls with a known text (:mod:`benchmarks.calls`), fits how often words of a given
probability are right, measures that curve on calls with other voices and other sentences, and writes
it beside the checkpoint (``NAME.confidence.json``), where the engines look for it. Run it again
whenever the checkpoint changes; an engine refuses the curve of another one.

The curve is isotonic: the share of right words in groups of equal size, neighbours pooled until it
never falls (pool adjacent violators; Barlow et al., "Statistical Inference under Order
Restrictions", 1972), straight lines between.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.calls import make_calls
from benchmarks.words import calibration_error, check, curves, hear
from voiceguard.transcribe.engines.confidence import SCHEMA, Confidence, beside
from voiceguard.transcribe.models import locate

_GROUPS = 12
_DIGITS = 3


def fit(pairs: Sequence[tuple[float, bool]]) -> Confidence:
    """The curve of (probability, right) pairs.

    Raises:
        ValueError: there are too few.
    """
    if len(pairs) < 50 * _GROUPS:
        raise ValueError(f"{len(pairs)} words are too few for a curve: analyse more calls")
    ordered = np.array(sorted(pairs), float)
    pools: list[tuple[float, float, int]] = []  # probability and share, both means; words
    for group in np.array_split(ordered, _GROUPS):
        pools.append((group[:, 0].mean(), group[:, 1].mean(), len(group)))
        while len(pools) > 1 and (pools[-1][1] < pools[-2][1] or pools[-1][0] <= pools[-2][0]):
            (x0, y0, n0), (x1, y1, n1) = pools[-2:]
            n = n0 + n1
            pools[-2:] = [((x0 * n0 + x1 * n1) / n, (y0 * n0 + y1 * n1) / n, n)]
    return Confidence(tuple((round(float(x), _DIGITS), round(float(y), _DIGITS))
                            for x, y, _ in pools))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="name or path of a checkpoint")
    parser.add_argument("--engine", default="openai-whisper")
    parser.add_argument("--calls", type=int, default=12, help="of each half")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    checkpoint = locate(args.model)
    with tempfile.TemporaryDirectory() as folder:
        halves = {}
        for half in ("fit", "test"):
            calls = make_calls(Path(folder), half, args.calls, args.seed)
            halves[half] = check(calls, hear(args.engine, checkpoint, calls))
    curve = fit([(w.confidence, w.right) for w in halves["fit"]])
    before, after = (calibration_error(bins) for bins in curves(halves["test"], curve.of))
    made = {
        "schema": SCHEMA,
        "model_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "curve": curve.curve,
        "words": {half: len(words) for half, words in halves.items()},
        "calibration_error": {"before": round(before, _DIGITS), "after": round(after, _DIGITS)},
    }
    path = beside(checkpoint)
    lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in made.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{path}: calibration error {before:.3f} → {after:.3f}")
    print(curve.curve)


if __name__ == "__main__":
    main()
