"""Sounds of a telephone line on which nobody speaks, seeded, at telephone quality.

Every maker returns float samples at 8 kHz; ``telephone`` puts them through the chain of a line:
300–3400 Hz, a level, noise, G.711, and back to the 16 kHz at which calls are heard.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from voiceguard.domain import RATE

Sound = NDArray[np.float64]
Rng = np.random.Generator
LINE = 8000
_BAND = butter(3, [300, 3400], "bandpass", fs=LINE, output="sos")


def sines(seconds: float, *hertz: float) -> Sound:
    t = np.arange(round(seconds * LINE)) / LINE
    return np.sum([np.sin(2 * np.pi * f * t) for f in hertz], axis=0) / max(len(hertz), 1)


def cadence(seconds: float, on: float, off: float, *hertz: float) -> Sound:
    t = np.arange(round(seconds * LINE)) / LINE
    return sines(seconds, *hertz) * (t % (on + off) < on)


def silence(rng: Rng) -> Sound:
    return np.zeros(5 * LINE)


def noise(rng: Rng) -> Sound:
    """White, pink or brown noise, steady or swelling, or mains hum with noise."""
    white = rng.standard_normal(5 * LINE)
    spectrum = np.fft.rfft(white)
    slope = rng.choice([0.0, 0.5, 1.0])
    made = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 50) ** slope)
    made /= made.std()
    t = np.arange(len(made)) / LINE
    if rng.random() < 0.3:
        made *= 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 3) * t)
    if rng.random() < 0.3:
        made += sum(np.sin(2 * np.pi * 50 * k * t) for k in (1, 3, 5, 7, 9))
    return made


def ring_back(rng: Rng) -> Sound:
    return np.roll(cadence(5, 1, 4, 450 + rng.uniform(-5, 5)), int(rng.integers(5 * LINE)))


def signal(rng: Rng) -> Sound:
    """Busy, congestion, special information, a test tone or a fax machine calling."""
    kind = rng.integers(5)
    if kind == 0:
        return cadence(5, 0.35, 0.35, 450)
    if kind == 1:
        return cadence(5, 0.7, 0.7, 450)
    if kind == 2:
        triple = np.concatenate([sines(0.33, f) for f in (950, 1400, 1800)])
        return np.tile(np.concatenate([triple, np.zeros(LINE)]), 2)
    if kind == 3:
        return sines(5, 1000)
    return np.concatenate([cadence(4, 0.5, 3, 1100), sines(2.5, 2100)])


def keys(rng: Rng) -> Sound:
    """DTMF: as a hand or a machine presses them."""
    press, pause = rng.uniform(0.06, 0.4), rng.uniform(0.05, 0.5)
    low, high = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    twist = 10 ** (rng.uniform(-4, 4) / 20)
    parts = [np.zeros(LINE // 2)]
    for _ in range(int(rng.integers(4, 10))):
        parts += [sines(press, rng.choice(low)) + twist * sines(press, rng.choice(high)),
                  np.zeros(round(pause * LINE))]
    return np.concatenate(parts)


# --- Music ----------------------------------------------------------------------------------

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 7, 9), (0, 2, 3, 5, 7, 8, 10))


def hertz(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def pluck(note: float, seconds: float, rng: Rng) -> Sound:
    """A string after Karplus and Strong (Computer Music Journal 7(2), 1983)."""
    period = max(2, round(LINE / hertz(note)))
    burst = np.zeros(round(seconds * LINE))
    burst[:period] = rng.uniform(-1, 1, period)[: len(burst)]
    a = np.zeros(period + 2)
    a[0], a[period], a[period + 1] = 1, -0.498, -0.498
    return np.asarray(lfilter([1.0], a, burst))


def box(note: float, seconds: float, rng: Rng) -> Sound:
    """A tine of a music box: few, inharmonic, fading partials."""
    t = np.arange(round(seconds * LINE)) / LINE
    return sum(
        (np.exp(-t * d) * w * np.sin(2 * np.pi * hertz(note) * r * t)
         for r, w, d in ((1, 1, 3), (2.76, 0.4, 6), (5.4, 0.15, 12))
         if hertz(note) * r < LINE / 2), start=np.zeros(len(t)))


def pad(note: float, seconds: float, rng: Rng) -> Sound:
    """Detuned saws with a slow attack."""
    t = np.arange(round(seconds * LINE)) / LINE
    wave = np.zeros(len(t))
    for detune in (0.997, 1.0, 1.004):
        f = hertz(note) * detune
        for k in range(1, int(3600 / f) + 1):
            wave += np.sin(2 * np.pi * (k * f * t + rng.random())) / k
    return wave * np.minimum(1, np.minimum(t, seconds - t) / 0.15)


def flute(note: float, seconds: float, rng: Rng) -> Sound:
    """Few harmonics, vibrato and breath."""
    t = np.arange(round(seconds * LINE)) / LINE
    phase = 2 * np.pi * hertz(note) * t + 0.4 * np.sin(2 * np.pi * 5 * t)
    wave = sum(w * np.sin(k * phase) for k, w in ((1, 1.0), (2, 0.4), (3, 0.15)))
    breath = 0.02 * rng.standard_normal(len(t))
    return (wave + breath) * np.minimum(1, np.minimum(t, seconds - t) / 0.05)


def bow(note: float, seconds: float, rng: Rng) -> Sound:
    """Many harmonics under a body's resonances, vibrato."""
    t = np.arange(round(seconds * LINE)) / LINE
    phase = 2 * np.pi * hertz(note) * t + 0.3 * np.sin(2 * np.pi * 5.5 * t)
    wave = np.zeros(len(t))
    for k in range(1, int(3600 / hertz(note)) + 1):
        f = k * hertz(note)
        body = 1 / k + 0.4 * np.exp(-(((f - 500) / 150) ** 2)) + 0.3 * np.exp(
            -(((f - 2500) / 500) ** 2))
        wave += body * np.sin(k * phase)
    return wave * np.minimum(1, np.minimum(t, seconds - t) / 0.08)


def drums(seconds: float, beat: float, rng: Rng) -> Sound:
    """Kick, snare and hat."""
    out = np.zeros(round(seconds * LINE))
    t = np.arange(LINE // 4) / LINE
    kick = np.sin(2 * np.pi * (60 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)
    snare = rng.standard_normal(len(t)) * np.exp(-25 * t)
    hat = np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-80 * t)
    for i in range(int(seconds / beat * 2)):
        at = round(i * beat / 2 * LINE)
        hit = hat * 0.3 + (kick if i % 4 == 0 else snare * 0.6 if i % 4 == 2 else 0)
        n = min(len(hit), len(out) - at)
        out[at : at + n] += hit[:n]
    return out


Instrument = Callable[[float, float, Rng], Sound]
INSTRUMENTS: tuple[Instrument, ...] = (pluck, box, pad, flute, bow)


def tune(rng: Rng, instrument: Instrument, seconds: float = 5.0, chords: bool = False,
         rhythm: bool = False) -> Sound:
    """A melody (a random walk on a scale), over chords and drums where asked for."""
    scale, root = _SCALES[rng.integers(3)], int(rng.integers(57, 70))
    beat = rng.uniform(0.25, 0.6)
    length = round(seconds * LINE)
    out = np.zeros(length + 4 * LINE)

    def put(sound: Sound, at: float, gain: float) -> None:
        begin = round(at * LINE)
        out[begin : begin + len(sound)] += gain * sound[: len(out) - begin]

    def note(step: int) -> int:
        return root + 12 * (step // len(scale)) + scale[step % len(scale)]

    at, step = 0.0, 0
    while at < seconds:
        long = beat * rng.choice([0.5, 1, 1, 2])
        put(instrument(note(step), long * 1.2, rng), at, 1.0)
        at, step = at + long, int(np.clip(step + rng.integers(-3, 4), -4, 10))
    if chords:
        for i in range(int(seconds / (4 * beat)) + 1):
            degree = int(rng.choice([0, 3, 4, 5]))
            for third in (0, 2, 4):
                put(pad(note(degree + third) - 12, 4 * beat, rng), i * 4 * beat, 0.15)
    if rhythm:
        put(drums(seconds, beat, rng), 0, 0.8)
    return out[:length]


def music(rng: Rng, seconds: float = 5.0) -> Sound:
    """One of the instruments alone, over chords, or with a rhythm section."""
    instrument = INSTRUMENTS[rng.integers(len(INSTRUMENTS))]
    return tune(rng, instrument, seconds, chords=bool(rng.random() < 0.5),
                rhythm=bool(rng.random() < 0.4))


# --- The line -------------------------------------------------------------------------------


def coded(samples: Sound, subtype: str) -> Sound:
    """Through G.711 and back."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), LINE, format="WAV", subtype=subtype)
    file.seek(0)
    return np.asarray(soundfile.read(file)[0])


def telephone(samples: Sound, rng: Rng, level_db: float | None = None,
              snr_db: float | None = None) -> NDArray[np.float32]:
    """What the other end of a line hears, at 16 kHz.

    Args:
        level_db: RMS in dBFS; between −40 and −10 where None.
        snr_db: of the line's noise; between 20 and 45 where None.
    """
    x = np.asarray(sosfilt(_BAND, samples))
    level = rng.uniform(-40, -10) if level_db is None else level_db
    snr = rng.uniform(20, 45) if snr_db is None else snr_db
    loud = np.sqrt(np.mean(x**2))
    if loud > 0:
        x *= 10 ** (level / 20) / loud
    x += rng.standard_normal(len(x)) * 10 ** ((level - snr) / 20)
    x = coded(x, rng.choice(["ALAW", "ULAW"]))
    return np.asarray(soxr.resample(x, LINE, RATE), np.float32)


KINDS: Sequence[tuple[Callable[[Rng], Sound], int]] = (
    (silence, 10), (noise, 40), (ring_back, 25), (signal, 20), (keys, 25), (music, 80))


def clips(seed: int = 0) -> list[tuple[str, NDArray[np.float32]]]:
    """200 named clips."""
    out = []
    for maker, count in KINDS:
        for i in range(count):
            rng = np.random.default_rng([seed, len(out)])
            out.append((f"{maker.__name__}-{i}", telephone(maker(rng), rng)))
    return out
