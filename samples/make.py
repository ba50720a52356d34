"""Make the sample calls from their text: ``python -m samples.make`` (needs espeak-ng, ffmpeg, sox).

Every call is fictional. Each comes out as a call centre's recorder would keep it — stereo or mono,
8 kHz, in one of several codings, over a telephone line — with the true turns and their times in
``truth/``. The voices and sentences are none that the demo model was trained on.
"""

from __future__ import annotations

import csv
import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
import yaml
from scipy.signal import butter, sosfilt

from training.asr.speak import Speaker, Speech

HERE = Path(__file__).parent
RATE = 8000
VOICES = {
    "f": ("f4", "steph2", "linda", "Annie", "Andrea"),
    "m": ("m5", "paul", "m8", "quincy", "victor"),
}
LANGUAGE = "cmn-latn-pinyin"


@dataclass(frozen=True)
class Line:
    """How one call was recorded.

    ``coding`` is the file's suffix and, for wav, its subtype; ``noise`` is in dB below speech;
    ``overlap`` makes every fourth answer start before the question ends.
    """

    coding: str = "wav:ALAW"
    mono: bool = False
    noise: float = 45.0
    overlap: bool = False
    hold_before: int | None = None
    ringback: bool = False
    speed: int = 175
    extra: dict[str, str] = field(default_factory=dict)


LINES = {
    "01": Line("wav:ALAW"), "02": Line("mp3", noise=22), "03": Line("wav:ULAW", overlap=True),
    "04": Line("amr", mono=True), "05": Line("opus", speed=185), "06": Line("mp3", speed=185),
    "07": Line("wav:PCM_16", mono=True), "08": Line("opus"), "09": Line("wav:ALAW", overlap=True),
    "10": Line("opus", noise=18), "11": Line("wav:ULAW", noise=25), "12": Line("mp3", mono=True),
    "13": Line("wav:GSM610", mono=True), "14": Line("opus", hold_before=6),
    "15": Line("mp3", speed=200), "16": Line("wav:ALAW", ringback=True),
}


def telephone(samples: np.ndarray, rate: int) -> np.ndarray:
    """Band-limited to 300–3400 Hz at 8 kHz, at a level of −20 dBFS."""
    x = soxr.resample(samples, rate, RATE).astype(np.float64)
    x = sosfilt(butter(3, [300, 3400], "bandpass", fs=RATE, output="sos"), x)
    return x * 0.1 / (np.sqrt(np.mean(x**2)) + 1e-9)


def tone(seconds: float, on: float, off: float) -> np.ndarray:
    """China's 450 Hz call-progress tone."""
    t = np.arange(round(seconds * RATE)) / RATE
    return 0.08 * np.sin(2 * np.pi * 450 * t) * (t % (on + off) < on)


def compose(call: dict, line: Line, number: int, speaker: Speaker) -> tuple[np.ndarray, list[dict]]:
    """``(samples (n, 2), true turns)`` of a call; agent on channel 0, customer's side on 1."""
    rng = np.random.default_rng(number)
    voices: dict[str, str] = {}
    for i, role in enumerate(("agent", "customer", "third_party")):
        pool = VOICES[call["voices"][role]]
        voices[role] = pool[(number + 2 * i) % len(pool)]
    clips: list[tuple[int, int, np.ndarray]] = []
    turns: list[dict] = []
    at = 0.8
    if line.ringback:
        clips.append((1, 0, tone(12, 1, 4)))
        at = 5.0
    for i, turn in enumerate(call["turns"]):
        role = turn["role"]
        channel = 0 if role == "agent" else 1
        if line.hold_before == i:
            clips.append((0, round((at + 0.5) * RATE), tone(5, 0.35, 0.35)))
            at += 6.0
        speech: Speech = speaker.say(turn["text"], f"{LANGUAGE}+{voices[role]}",
                                     speed=line.speed + int(rng.integers(-12, 13)),
                                     pitch={"agent": 52, "customer": 46, "third_party": 58}[role])
        sound = telephone(speech.samples, speech.rate)
        if role == "third_party" and call["id"].startswith("08"):
            sound *= 0.35  # somebody in the background
        early = line.overlap and i % 4 == 3
        start = max(0.0, at - 1.0) if early else at
        begin, end = start + speech.chars[0][1], start + speech.chars[-1][2]
        clips.append((channel, round(start * RATE), sound))
        turns.append({"role": role, "channel": 0 if line.mono else channel,
                      "start": round(begin, 3), "end": round(end, 3), "text": turn["text"],
                      "labels": turn["labels"]})
        at = max(at, start + len(sound) / RATE) + float(rng.uniform(0.3, 0.9))
    length = max(max(s + len(x) for _, s, x in clips), round((at + 0.5) * RATE))
    out = np.zeros((length, 2))
    for channel, start, sound in clips:
        out[start : start + len(sound), channel] += sound
    out += rng.standard_normal(out.shape) * 0.1 * 10 ** (-line.noise / 20)
    if line.mono:
        out = out.sum(axis=1, keepdims=True)
    return np.clip(out, -1, 1), turns


def write(samples: np.ndarray, path: Path, coding: str) -> Path:
    """Write in the coding of the line; returns the file."""
    kind, _, subtype = coding.partition(":")
    target = path.with_suffix(f".{kind}")
    if kind == "wav":
        soundfile.write(target, samples, RATE, subtype=subtype)
        return target
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "call.wav"
        soundfile.write(wav, samples, RATE, subtype="PCM_16")
        ffmpeg = ["ffmpeg", "-v", "error", "-y", "-i", wav, "-map_metadata", "-1",
                  "-fflags", "+bitexact"]
        commands = {
            "mp3": [*ffmpeg, "-b:a", "32k", "-joint_stereo", "0", target],
            "opus": [*ffmpeg, "-c:a", "libopus", "-b:a", "32k", "-mapping_family", "255", target],
            "amr": ["sox", wav, "-C", "7", "-t", "amr-nb", target],
        }
        subprocess.run([str(part) for part in commands[kind]], check=True)
    return target


def main() -> None:
    """Write ``calls/``, ``truth/`` and ``metadata.csv`` beside this script."""
    calls = yaml.safe_load((HERE / "calls.yaml").read_text(encoding="utf-8"))
    (HERE / "calls").mkdir(exist_ok=True)
    (HERE / "truth").mkdir(exist_ok=True)
    speaker = Speaker()
    rows = []
    for call in calls:
        number = int(call["id"][:2])
        line = LINES[call["id"][:2]]
        samples, turns = compose(call, line, number, speaker)
        path = write(samples, HERE / "calls" / call["id"], line.coding)
        truth = {"schema": "voiceguard.transcript/1", "id": call["id"], "language": "zh",
                 "scenario": call["scenario"], "risk": call["risk"], "turns": turns}
        text = json.dumps(truth, ensure_ascii=False, indent=1) + "\n"
        (HERE / "truth" / f"{call['id']}.json").write_text(text, encoding="utf-8")
        rows.append({
            "file": path.name, "call_id": f"S{number:04d}", "customer_id": f"C{7000 + 37 * number}",
            "agent_id": f"A{100 + number % 5}", "team": ("north", "south")[number % 2],
            "line_of_business": ("collections", "service")[number % 3 == 0],
            "product": ("cash loan", "credit card", "car loan", "insurance")[number % 4],
            "days_overdue": (number * 17) % 90,
            "direction": ("outbound", "inbound")[number % 3 == 0],
            "started_at": f"2026-03-{number:02d}T{9 + number % 9:02d}:15:00+08:00",
        })
        print(f"{path.name}: {len(samples) / RATE:.0f} s, {path.stat().st_size / 1e3:.0f} kB")
    with (HERE / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
