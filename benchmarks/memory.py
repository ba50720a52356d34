"""Memory and time of ``analyze`` by length of the recording: ``python -m benchmarks.memory``.

A sample call is repeated until it is as long as wanted, streamed to a temporary folder, and
analysed by the command itself, in a process of its own for each length: reading, speech detection,
packing, rules, report files. Only the recogniser is a scripted one that says a sentence for every
span of speech, so that what is measured is all the rest and the transcript grows as a real one.

``--minutes 10 600`` are the lengths, ``--kind mulaw|mp3`` the coding, ``--format`` the report's.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALL = ROOT / "samples" / "calls" / "01-agency-hired.wav"
SENTENCE = "好的我知道了那我先看一下账单再给您回电话可以吗谢谢您"


def make(path: Path, minutes: int, kind: str) -> None:
    """Write ``minutes`` of the sample call, again and again, to ``path``."""
    import numpy as np
    import soundfile

    call, rate = soundfile.read(CALL, dtype="int16", always_2d=True)
    left = minutes * 60 * rate
    if kind == "mulaw":
        with soundfile.SoundFile(path, "w", rate, call.shape[1], subtype="ULAW") as file:
            while left > 0:
                file.write(call[:left])
                left -= len(call)
        return
    import av

    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="stereo")
        stream.bit_rate = 32_000
        while left > 0:
            part = np.ascontiguousarray(call[:left].T)
            frame = av.AudioFrame.from_ndarray(part, format="s16p", layout="stereo")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
            left -= len(call)
        container.mux(stream.encode(None))


def analyse(path: str, folder: str, formats: str) -> None:
    """The command, with a scripted recogniser; prints what it took as JSON."""
    from voiceguard.cli.app import app
    from voiceguard.transcribe import transcriber
    from voiceguard.transcribe.engines.fake import FakeTranscriber

    FakeTranscriber.text = SENTENCE
    transcriber.ENGINES["scripted"] = "voiceguard.transcribe.engines.fake:FakeTranscriber"
    started = time.perf_counter()
    app(["analyze", path, "--engine", "scripted", "--model", "demo", "-o", folder, "--quiet",
         "--format", formats], standalone_mode=False)
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak}))


def measure(minutes: int, kind: str, formats: str) -> tuple[float, float]:
    """Seconds and peak memory in MiB for a recording of ``minutes``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("call.mp3" if kind == "mp3" else "call.wav")
        make(path, minutes, kind)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", "--child", str(path), "--format", formats],
            capture_output=True, text=True, check=False, cwd=ROOT,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        found = json.loads(done.stdout.splitlines()[-1])
        return found["seconds"], found["peak"] / 2**20


def main() -> None:
    """Print a line for each length, and how the longest compares with the shortest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[10, 600])
    parser.add_argument("--kind", choices=["mulaw", "mp3"], default="mulaw")
    parser.add_argument("--format", default="json")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        analyse(args.child, str(Path(args.child).parent / "out"), args.format)
        return
    rows = []
    for minutes in args.minutes:
        seconds, peak = measure(minutes, args.kind, args.format)
        rows.append((minutes, seconds, peak))
        print(f"{minutes:5d} min {args.kind}: {seconds:8.1f} s, peak {peak:7.0f} MiB", flush=True)
    (short, quick, small), (long, slow, large) = min(rows), max(rows)
    print(f"{long} min : {short} min  memory {large / small:.2f}, time {slow / quick:.1f} "
          f"(length {long / short:.0f})")


if __name__ == "__main__":
    main()
