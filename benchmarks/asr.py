"""How fast and how right calls are written down: ``python -m benchmarks.asr``.

Side by side in one run, on the same audio and the same checkpoint: VoiceGuard's whole ``analyze``
with each engine, ``whisper.transcribe`` and ``faster_whisper.BatchedInferencePipeline``. The audio
is laid out from the sample calls: stereo, 45 % speech per channel, always the same. Threads are
pinned, one round is for warming up, the contestants take turns, and what the machine could do in
the same minute is printed beside.

Sections (``--only``): ``spoken`` the shipped model; ``sizes`` random weights of Whisper's sizes at
a fixed number of tokens; ``beside`` all that is not the recogniser; ``gpu`` where there is one.
``--write`` puts the figures of the sections run into docs/performance.md, ``--quick`` takes one
round of everything, on small sizes. Needs the extra ``fast``; no network.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
SECTIONS = ("spoken", "sizes", "beside", "gpu")
#: Libraries read these once, when they are loaded.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Measure, print, and with ``--write`` keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS))
    parser.add_argument("--sizes", nargs="+", default=None, help="of random weights")
    parser.add_argument("--lengths", type=float, nargs="+", default=[90, 60, 30],
                        help="of the calls, s")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="cpu: CPU time, on a machine that is busy with other work")
    parser.add_argument("--patience", type=float, default=1800,
                        help="s; no further round of a comparison begins after them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--quick", action="store_true", help="one round, small sizes")
    parser.add_argument("--write", action="store_true", help="put it into docs/performance.md")
    args = parser.parse_args()
    if any(os.environ.get(name) != str(args.threads) for name in _THREADS):
        os.environ.update(dict.fromkeys(_THREADS, str(args.threads)))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.asr", *sys.argv[1:]])
    from benchmarks.speed import beside, gpu, sizes, spoken
    from benchmarks.speed.clock import CLOCKS
    from benchmarks.speed.table import put
    from voiceguard.transcribe.models import locate
    from voiceguard.transcribe.threads import set_threads

    set_threads(args.threads)
    count = 1 if args.quick else args.rounds
    wanted = args.sizes or (["tiny"] if args.quick else ["tiny", "base", "small"])
    lengths = args.lengths[-1:] if args.quick else args.lengths
    model = locate(args.model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # converted models go with the rest
        bench = spoken.Bench.make(folder, args.threads, count, lengths,
                                  CLOCKS[args.clock], args.patience)
        work = {
            "spoken": lambda: spoken.measure(bench, model),
            "sizes": lambda: sizes.measure(bench, wanted),
            "beside": lambda: beside.measure(bench, "tiny" if args.quick else "base"),
            "gpu": lambda: gpu.measure(bench),
        }
        for section in args.only:
            found = work[section]()
            for title, body in found.items():
                print(f"\n## {title}\n\n{body}", flush=True)
            if args.write:
                put(PAGE, found)


if __name__ == "__main__":
    main()
