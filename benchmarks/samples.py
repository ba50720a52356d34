"""Quality on the sample calls through the shipped model: ``python -m benchmarks.samples``.

Runs the product's own ``analyze`` path over ``samples/calls`` and compares with ``samples/truth``:

* CER: characters without punctuation, each channel's turns joined in order, errors ÷ true length;
* turn boundaries: for each true turn the turn of its channel that overlaps it most, start and end;
* flags: (call, category) pairs, and (true turn, category) pairs by overlap in time;
* flag times: distance of a right flag's start from the true turn that carries its label.

``--write`` puts the table into docs/figures.md.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import fill
from voiceguard.domain import CallReport, Span

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "figures.md"
_MARK = "<!-- samples -->"


@dataclass(frozen=True)
class Row:
    """Figures of one call; ``flags`` are (right, flagged, labelled) pairs of turn and category."""

    call: str
    seconds: float
    errors: int
    characters: int
    boundaries: tuple[int, ...]
    flags: tuple[int, int, int]
    flag_times: tuple[int, ...]
    raised: bool
    labelled: bool
    risk: tuple[str, str | None]


def plain(text: str) -> str:
    """Characters that count for CER."""
    return re.sub(r"[^\w]|_", "", text)


def measure(truth: dict, report: CallReport) -> Row:  # type: ignore[type-arg]
    """Compare one report with the call's true turns."""
    from rapidfuzz.distance import Levenshtein

    turns, errors, characters = truth["turns"], 0, 0
    heard = report.transcript.turns
    for channel in {t["channel"] for t in turns}:
        want = "".join(plain(t["text"]) for t in turns if t["channel"] == channel)
        got = "".join(plain(t.text) for t in heard if t.channel == channel)
        errors += Levenshtein.distance(want, got)
        characters += len(want)
    boundaries: list[int] = []
    for t in turns:
        span = Span.from_seconds(t["start"], t["end"])
        best = max(
            (h.span for h in heard if h.channel == t["channel"] and h.span),
            key=span.overlap, default=None,
        )
        if best and span.overlap(best):
            boundaries += [abs(best.start - span.start), abs(best.end - span.end)]
    wanted = {(i, c) for i, t in enumerate(turns) for c in t["labels"]}
    found: set[tuple[int, str]] = set()
    times: list[int] = []
    for flag in report.flags:
        i = _true_turn(turns, flag.span)
        found.add((i, flag.category))
        if (i, flag.category) in wanted and flag.span:
            true = Span.from_seconds(turns[i]["start"], turns[i]["end"])
            times.append(max(0, true.start - flag.span.start, flag.span.start - true.end))
    return Row(
        truth["id"], report.transcript.recording.duration / 1000,  # type: ignore[union-attr]
        errors, characters, tuple(boundaries), (len(wanted & found), len(found), len(wanted)),
        tuple(times), bool(report.flags), bool(wanted), (truth["risk"], report.assessment.risk),
    )


def _true_turn(turns: Sequence[dict], span: Span | None) -> int:  # type: ignore[type-arg]
    if span is None:
        return -1
    spans = [Span.from_seconds(t["start"], t["end"]) for t in turns]
    return min(range(len(spans)), key=lambda i: (-spans[i].overlap(span), spans[i].gap(span)))


def table(rows: Sequence[Row], seconds: float) -> str:
    """The figures as Markdown."""
    lines = ["| call | CER | turn-category flags right / raised / labelled | risk true → found |",
             "|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r.call} | {r.errors / max(1, r.characters):.3f} | "
                     f"{' / '.join(map(str, r.flags))} | {r.risk[0]} → {r.risk[1]} |")
    right, raised, labelled = (sum(r.flags[i] for r in rows) for i in range(3))
    boundaries = [b for r in rows for b in r.boundaries]
    times = [t for r in rows for t in r.flag_times]
    audio = sum(r.seconds for r in rows)
    innocent = [r for r in rows if not r.labelled]
    lines += [
        "", "| over all calls | figure |", "|---|---|",
        f"| CER | {sum(r.errors for r in rows) / sum(r.characters for r in rows):.3f} |",
        f"| error of turn boundaries, median | {_median(boundaries)} |",
        f"| flag precision (turn, category) | {_share(right, raised)} |",
        f"| flag recall (turn, category) | {_share(right, labelled)} |",
        f"| error of flag times, median | {_median(times)} |",
        f"| innocent calls flagged | {sum(r.raised for r in innocent)} of {len(innocent)} |",
        f"| labelled calls flagged | {sum(r.raised for r in rows if r.labelled)} of "
        f"{sum(r.labelled for r in rows)} |",
        f"| speed on this machine | {audio / seconds:.1f} × real time ({audio:.0f} s of calls) |",
    ]
    return "\n".join(lines)


def _median(values: Sequence[int]) -> str:
    return f"{statistics.median(values) / 1000:.2f} s" if values else "–"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f} ({part} of {whole})" if whole else "–"


def main() -> None:
    """Measure, print, and with ``--write`` keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/figures.md")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--engine", default="auto")
    args = parser.parse_args()
    from voiceguard.pipeline import AnalyzeOptions, Analyzer, Call, Heard, Judge
    from voiceguard.rules import load_library, load_playbook
    from voiceguard.transcribe import TranscribeOptions, load_transcriber
    from voiceguard.transcribe.models import locate

    transcriber = load_transcriber(args.engine, locate(args.model), TranscribeOptions())
    analyzer = Analyzer(transcriber, Judge(load_library(), load_playbook()), AnalyzeOptions())
    paths = sorted((ROOT / "samples" / "calls").iterdir())
    started = time.monotonic()
    rows = []
    for result in analyzer.analyze(Call(p.stem, str(p)) for p in paths):
        assert isinstance(result, Heard), result
        truth = (ROOT / "samples" / "truth" / f"{result.call.id}.json").read_text("utf-8")
        rows.append(measure(json.loads(truth), result.report))
    made = table(sorted(rows, key=lambda r: r.call), time.monotonic() - started)
    print(made)
    if args.write:
        fill(PAGE, _MARK, made)


if __name__ == "__main__":
    main()
