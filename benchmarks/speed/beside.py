"""All that is not the recogniser: speech detection, reading, matching, writing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.speed import ours
from benchmarks.speed.audio import read
from benchmarks.speed.clock import calibrate, rounds
from benchmarks.speed.sizes import TOKENS_A_SECOND
from benchmarks.speed.spoken import Bench
from benchmarks.speed.table import against, table
from benchmarks.speed.weights import fix_tokens, random_checkpoint
from benchmarks.speed.work import SIZES
from voiceguard.speech import SpeechOptions

#: Said in every span of speech, so that rules and reports have a real call's work.
_SENTENCE = "好的我知道了那我先看一下账单再给您回电话可以吗谢谢您"
_FORMATS = ("json", "html", "xlsx")


def measure(bench: Bench, size: str) -> dict[str, str]:
    """The section ``beside`` of the page."""
    machine = calibrate(clock=bench.clock)
    channels = sum(len(c) for c in bench.channels) / 16000
    found = rounds({"vad": lambda: _detect(bench.paths)}, bench.count, clock=time.process_time)
    vad = found["vad"]
    parts = [_parts(bench, size) for _ in range(max(1, bench.count // 2))]
    shares = sorted((wall - engine - speech) / wall for wall, engine, speech in parts)
    wall, engine, speech = min(parts)
    rows = [
        ("VAD with tone and music detection, CPU-seconds per channel-second",
         against(vad.median / channels, 0.01, least=False, digits=4)),
        (f"reading, resampling, matching, writing {', '.join(_FORMATS)}: share of the wall time "
         f"with `{size}`-sized weights", against(shares[len(shares) // 2], 0.05, least=False,
                                                 digits=3)),
        ("of a call's wall time: recogniser / speech detection / the rest",
         f"{engine:.2f} s / {speech:.2f} s / {wall - engine - speech:.2f} s"),
    ]
    return {"beside": f"{machine}.\n\n" + table(("", "figure"), rows)}


def _detect(paths: list[Path]) -> int:
    """Speech detection alone; reading is not in its process time by much, and counts."""
    from voiceguard.speech import LineDetector

    spans = 0
    for path in paths:
        for channel in read(path):
            detector = LineDetector()
            for start in range(0, len(channel), 16000 * 10):
                spans += len(detector.feed(channel[start : start + 160000]))
            spans += len(detector.finish()) + 0 * len(detector.sounds)
    return spans


def _parts(bench: Bench, size: str) -> tuple[float, float, float]:
    """Seconds in all, in the recogniser, and in speech detection, for one call."""
    from voiceguard.report import Exhibit, export
    from voiceguard.transcribe import TranscribeOptions
    from voiceguard.transcribe.engines.fake import FakeTranscriber

    checkpoint = random_checkpoint(SIZES[size], bench.folder / "beside.pt")
    engine: Any = ours.engine("openai-whisper", checkpoint)
    path = bench.paths[:1]
    windows = len(ours.windows_of(path, engine.longest))
    fix_tokens(engine, round(TOKENS_A_SECOND * sum(bench.laid[0].speech) / windows))
    said = FakeTranscriber(checkpoint, TranscribeOptions())
    said.text = _SENTENCE
    watched = ours.Watched(engine, said, bench.clock)
    spent = [0.0]

    def detector(options: SpeechOptions) -> ours.WatchedDetector:
        return ours.WatchedDetector(options, spent, bench.clock)

    analysis = ours.Analysis(watched, detector)
    started = bench.clock()
    for heard in analysis.heard(path):
        exhibit = Exhibit(heard.report, peaks=heard.survey.peaks)
        export(exhibit, _FORMATS, bench.folder / "out", heard.call.id)
    return bench.clock() - started, watched.seconds, spent[0]
