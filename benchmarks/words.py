"""Word times and confidence on calls with known times: ``python -m benchmarks.words``.

Calls of the test half of :mod:`benchmarks.calls` go through the product's own analysis, with every
engine that is installed. What a channel wrote is aligned with what was said on it (Levenshtein); a
word is right where all of its characters are.

* Times: of words that are right, distance of start and end from the true ones.
* Confidence: expected calibration error, that is the mean distance between confidence and share of
  right words over ten bins, weighted by their words; before and after the curve that lies beside
  the checkpoint.

``--write`` puts the tables into docs/figures.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.calls import Said, TimedCall, make_calls
from benchmarks.page import fill
from benchmarks.samples import PAGE
from voiceguard.domain import Transcript, Word

_MARK = "<!-- words -->"
BINS = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """A word that was written.

    Attributes:
        confidence: as it was written.
        right: whether that was said.
        errors: of start and end, ms, later than true is positive; None where it is wrong.
    """

    confidence: float
    right: bool
    errors: tuple[int, int] | None


def hear(engine: str, checkpoint: Path, calls: Sequence[TimedCall]) -> dict[str, Transcript]:
    """What an engine writes of ``calls``, by call, with the model's own probabilities."""
    from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
    from voiceguard.rules import load_library, load_playbook
    from voiceguard.transcribe import TranscribeOptions, load_transcriber

    judge = Judge(load_library(), load_playbook())
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / checkpoint.name  # no curve lies beside it
        alone.symlink_to(checkpoint.resolve())
        transcriber = load_transcriber(engine, alone, TranscribeOptions())
        analyzer = Analyzer(transcriber, judge, AnalyzeOptions())
        out = {}
        for result in analyzer.analyze(Call(c.id, str(c.path)) for c in calls):
            assert isinstance(result, Heard), result
            out[result.call.id] = result.report.transcript
    return out


def check(calls: Sequence[TimedCall], heard: dict[str, Transcript]) -> list[Checked]:
    """Every word of ``heard`` against the truth."""
    out: list[Checked] = []
    for call in calls:
        for channel in (0, 1):
            words = [w for t in heard[call.id].turns if t.channel == channel for w in t.words]
            out += _channel(call.channel(channel), words)
    return out


def _channel(said: Sequence[Said], words: Sequence[Word]) -> Iterator[Checked]:
    from rapidfuzz.distance import Levenshtein

    texts = ["".join(filter(str.isalnum, w.text)) for w in words]
    same: dict[int, Said] = {}
    for block in Levenshtein.opcodes("".join(s.char for s in said), "".join(texts)):
        if block.tag == "equal":
            same.update(zip(range(block.dest_start, block.dest_end),
                            said[block.src_start : block.src_end], strict=True))
    at = 0
    for word, text in zip(words, texts, strict=True):
        mine = [same.get(i) for i in range(at, at + len(text))]
        at += len(text)
        if not text or word.confidence is None or word.span is None:
            continue
        first, last = mine[0], mine[-1]
        right = None not in mine
        errors = None
        if right and first and last:
            errors = word.span.start - first.start, word.span.end - last.end
        yield Checked(word.confidence, right, errors)


@dataclass(frozen=True, slots=True)
class Bin:
    """Words whose confidence lies in one tenth: how many, their mean, the share of right ones."""

    words: int
    confidence: float
    right: float


def reliability(pairs: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Bins from (confidence, right), without the empty ones."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in pairs:
        held[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    return [Bin(len(b), float(np.mean([c for c, _ in b])), float(np.mean([r for _, r in b])))
            for b in held if b]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance of confidence and share, weighted by words."""
    total = sum(b.words for b in bins)
    return sum(b.words * abs(b.confidence - b.right) for b in bins) / total


def curves(
    words: Sequence[Checked], curve: Callable[[float], float]
) -> tuple[list[Bin], list[Bin]]:
    """Reliability before and after a curve."""
    return (reliability([(w.confidence, w.right) for w in words]),
            reliability([(curve(w.confidence), w.right) for w in words]))


def _times(words: Sequence[Checked]) -> str:
    errors = np.abs([w.errors for w in words if w.errors]) / 1000
    middle, most = np.median(errors, 0), np.percentile(errors, 95, 0)
    return (f"{len(errors)} | {middle[0]:.3f} / {middle[1]:.3f} s "
            f"| {most[0]:.2f} / {most[1]:.2f} s")


def table(found: dict[str, list[Checked]], curve: Callable[[float], float]) -> str:
    """The figures as Markdown, an engine a row, and the first engine's reliability."""
    lines = ["| engine | words | of these right and timed | error of start / end, median "
             "| 95th percentile | calibration error before → after |", "|---|---|---|---|---|---|"]
    for engine, words in found.items():
        before, after = curves(words, curve)
        lines.append(f"| {engine} | {len(words)} | {_times(words)} | "
                     f"{calibration_error(before):.3f} → {calibration_error(after):.3f} |")
    engine, words = next(iter(found.items()))
    lines += ["", f"Confidence and share of right words ({engine}), a tenth a row:", "",
              "| words | raw | right | words | calibrated | right |", "|---|---|---|---|---|---|"]
    before, after = curves(words, curve)
    for i in range(max(len(before), len(after))):
        cells = [f"{b[i].words} | {b[i].confidence:.2f} | {b[i].right:.2f}" if i < len(b)
                 else " | | " for b in (before, after)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and with ``--write`` keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--engine", action="append", help="may be given twice; default: all")
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/figures.md")
    args = parser.parse_args()
    import hashlib

    from voiceguard.transcribe.engines.confidence import confidence_of
    from voiceguard.transcribe.models import locate
    from voiceguard.transcribe.transcriber import ENGINES

    checkpoint = locate(args.model)
    confidence = confidence_of(checkpoint, hashlib.sha256(checkpoint.read_bytes()).hexdigest())
    with tempfile.TemporaryDirectory() as folder:
        calls = make_calls(Path(folder), "test", args.calls, args.seed)
        found = {engine: check(calls, hear(engine, checkpoint, calls))
                 for engine in args.engine or ENGINES}
    minutes = sum(c.seconds for c in calls) / 60
    made = (f"{len(calls)} calls, {minutes:.0f} minutes, {sum(len(c.said) for c in calls)} "
            f"characters, model {args.model}.\n\n{table(found, confidence.of)}")
    print(made)
    if args.write:
        fill(PAGE, _MARK, made)


if __name__ == "__main__":
    main()
