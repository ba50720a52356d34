"""Codings of recordings: a tone is written in each, then read back as a recording would be."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguard.doctor.finding import Check, Verdict, one_line, reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TONE_HZ, _SECONDS = 440.0, 0.5
_OFF_HZ, _OFF_SECONDS = 25.0, 0.1
_REMEDY = "pip install --force-reinstall soundfile av"


@dataclass(frozen=True, slots=True)
class _Format:
    """A coding and who may write it.

    Attributes:
        decoder: ffmpeg's name of it.
        rate: Hz, one that it can hold.
        soundfile: container and subtype, as libsndfile calls them.
        av: container and encoder, as ffmpeg calls them.
    """

    name: str
    suffix: str
    decoder: str
    rate: int
    soundfile: tuple[str, str] | None = None
    av: tuple[str, str] | None = None


_FORMATS = (
    _Format("WAV PCM", ".wav", "pcm_s16le", 8_000, ("WAV", "PCM_16"), ("wav", "pcm_s16le")),
    _Format("WAV A-law", ".wav", "pcm_alaw", 8_000, ("WAV", "ALAW"), ("wav", "pcm_alaw")),
    _Format("WAV mu-law", ".wav", "pcm_mulaw", 8_000, ("WAV", "ULAW"), ("wav", "pcm_mulaw")),
    _Format("WAV GSM 6.10", ".wav", "gsm_ms", 8_000, ("WAV", "GSM610")),
    _Format("WAV IMA ADPCM", ".wav", "adpcm_ima_wav", 8_000, ("WAV", "IMA_ADPCM"),
            ("wav", "adpcm_ima_wav")),
    _Format("FLAC", ".flac", "flac", 16_000, ("FLAC", "PCM_16"), ("flac", "flac")),
    _Format("MP3", ".mp3", "mp3", 16_000, ("MP3", "MPEG_LAYER_III"), ("mp3", "libmp3lame")),
    _Format("Ogg Opus", ".ogg", "opus", 48_000, ("OGG", "OPUS"), ("ogg", "libopus")),
    _Format("Ogg Vorbis", ".ogg", "vorbis", 16_000, ("OGG", "VORBIS"), ("ogg", "libvorbis")),
    _Format("M4A AAC", ".m4a", "aac", 16_000, None, ("ipod", "aac")),
    _Format("AMR-NB", ".amr", "amrnb", 8_000, None, ("amr", "libopencore_amrnb")),
    _Format("WebM Opus", ".webm", "opus", 48_000, None, ("webm", "libopus")),
)  # fmt: skip


def checks() -> tuple[Check, ...]:
    """One for each coding."""
    return tuple(Check("audio", f.name, _REMEDY, partial(_try, f)) for f in _FORMATS)


def _try(wanted: _Format) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="voiceguard-doctor-") as folder:
        path = Path(folder) / f"tone{wanted.suffix}"
        writer = _write(wanted, path)
        if writer is None:
            return _without_trying(wanted)
        samples, rate = _read(path)
    seconds, hz = len(samples) / rate, _strongest(samples, rate)
    if abs(seconds - _SECONDS) > _OFF_SECONDS or abs(hz - _TONE_HZ) > _OFF_HZ:
        return Verdict("missing", f"a tone of {_TONE_HZ:.0f} Hz and {_SECONDS} s was read as "
                                  f"{hz:.0f} Hz and {seconds:.2f} s")  # fmt: skip
    return Verdict("ok", f"decoded a clip written by {writer}")


def _write(wanted: _Format, path: Path) -> str | None:
    """Who wrote the tone to ``path``, None where nobody here can."""
    for package, write in (("soundfile", _by_soundfile), ("PyAV", _by_av)):
        try:
            if write(wanted, path):
                return package
        except Exception:  # this build of it can't: the other one may
            continue
    return None


def _tone(rate: int) -> NDArray[np.float32]:
    import numpy as np

    at = np.arange(round(rate * _SECONDS)) / rate
    return (0.3 * np.sin(2 * np.pi * _TONE_HZ * at)).astype(np.float32)


def _by_soundfile(wanted: _Format, path: Path) -> bool:
    if wanted.soundfile is None:
        return False
    import soundfile

    container, subtype = wanted.soundfile
    soundfile.write(path, _tone(wanted.rate), wanted.rate, subtype, format=container)
    return True


def _by_av(wanted: _Format, path: Path) -> bool:
    if wanted.av is None:
        return False
    import av

    container, codec = wanted.av
    frame = av.AudioFrame.from_ndarray(_tone(wanted.rate)[None], format="fltp", layout="mono")
    frame.sample_rate = wanted.rate
    frame.pts = 0
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=wanted.rate, layout="mono")
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return True


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples (n,) and their rate in Hz, through the same door as a recording."""
    import numpy as np

    from voiceguard.audio import AudioOptions, read_blocks

    options = AudioOptions()
    blocks = [block.samples[0] for block in read_blocks(str(path), options, (0,))]
    return np.concatenate(blocks), options.rate


def _strongest(samples: NDArray[np.float32], rate: int) -> float:
    import numpy as np

    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def _without_trying(wanted: _Format) -> Verdict:
    """What can be said where there is a decoder at most."""
    try:
        import av

        av.codec.Codec(wanted.decoder, "r")
    except Exception as error:
        return Verdict("missing", one_line(f"no decoder ({reason(error)})"))
    return Verdict("ok", "has a decoder; not tried, for nothing here can write a clip")
