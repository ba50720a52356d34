"""Mandarin speech from espeak-ng, with the time of every character and phoneme.

The library is driven through ctypes rather than the command line, because only its event
callback tells *when* each character and phoneme is spoken. Those times make the training quick:
the encoder is taught frame by frame, and the decoder is shown where to look.

Debian's espeak-ng 1.51 offers two Mandarin voices: ``cmn`` reads most characters as their pinyin
spelled in English (``ni3`` → "nee three"), ``cmn-latn-pinyin`` reads them as Mandarin. The model
is trained on both, since both are what people get when they ask espeak-ng for Mandarin.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

_RETRIEVAL, _PHONEME_EVENTS, _DONT_EXIT, _UTF8 = 2, 1, 0x8000, 1
_WORD, _PHONEME = 1, 7
_RATE, _VOLUME, _PITCH, _RANGE, _WORDGAP = 1, 2, 3, 4, 7

LANGUAGES = ("cmn", "cmn-latn-pinyin")

#: Never trained on: the samples and the evaluation speak with these.
HELD_OUT = ("f4", "m5", "steph2", "linda", "paul", "Annie", "m8", "quincy", "Andrea", "victor")

TRAINING = (
    "Alex", "Alicia", "Andy", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky",
    "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen", "RicishayMax", "RicishayMax2", "Storm",
    "adam", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb",
    "david", "ed", "edward", "edward2", "f1", "f2", "f3", "f5", "grandma", "grandpa", "gustave",
    "iven", "iven2", "iven3", "iven4", "john", "kaukovalta", "klatt", "klatt2", "klatt3", "klatt4",
    "m1", "m2", "m3", "m4", "m6", "m7", "marcelo", "max", "michel", "miguel", "norbert", "pablo",
    "pedro", "rob", "robert", "sandro", "shelby", "steph", "steph3", "travis", "zac",
)


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("string", ctypes.c_char * 8), ("name", ctypes.c_char_p)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("uid", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p), ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class Speech:
    """What one sentence sounds like.

    Attributes:
        samples: float32, −1..1, at ``rate`` Hz.
        chars: ``(position in the text, start, end)`` of every spoken character, in seconds.
        phones: ``(name, start, end)`` in seconds, in order.
    """

    samples: np.ndarray
    rate: int
    chars: tuple[tuple[int, float, float], ...]
    phones: tuple[tuple[str, float, float], ...]


class Speaker:
    """espeak-ng in this process. One object a process: the library holds global state.

    Raises:
        OSError: where libespeak-ng is not installed.
    """

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = int(
            self._lib.espeak_Initialize(_RETRIEVAL, 500, None, _PHONEME_EVENTS | _DONT_EXIT)
        )
        self._audio: list[np.ndarray] = []
        self._events: list[tuple[int, int, float, str]] = []
        self._callback = _Callback(self._collect)  # kept alive: the library stores a bare pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, wave, count, events) -> int:  # type: ignore[no-untyped-def]
        if count > 0:
            self._audio.append(np.ctypeslib.as_array(wave, (count,)).copy())
        i = 0
        while events[i].type != 0:
            event = events[i]
            if event.type in (_WORD, _PHONEME):
                name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "replace")
                self._events.append(
                    (event.type, event.text_position - 1, event.sample / self.rate,
                     name if event.type == _PHONEME else "")
                )
            i += 1
        return 0

    def say(
        self, text: str, voice: str, *, speed: int = 175, pitch: int = 50, inflection: int = 50,
        word_gap: int = 0,
    ) -> Speech:
        """Speak ``text`` with an espeak-ng voice such as ``cmn+f3``.

        Args:
            speed: words a minute, 80–450.
            pitch: 0–99.
            inflection: pitch range, 0–99.
            word_gap: pause between words, in 10 ms.
        """
        self._audio, self._events = [], []
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for which, value in ((_RATE, speed), (_PITCH, pitch), (_RANGE, inflection),
                             (_VOLUME, 100), (_WORDGAP, word_gap)):
            self._lib.espeak_SetParameter(which, value, 0)
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        self._lib.espeak_Synchronize()
        samples = np.concatenate(self._audio or [np.zeros(0, np.int16)])
        length = len(samples) / self.rate
        return Speech(
            samples.astype(np.float32) / 32768, self.rate,
            tuple(_char_times(text, self._events, length)),
            tuple(_phone_times(self._events, length)),
        )


def _is_pause(name: str) -> bool:
    return name.startswith(("_", "(")) or not name


def _char_times(text, events, length):  # type: ignore[no-untyped-def]
    """Each character from its word event to the end of its last sounding phoneme."""
    words = [i for i, e in enumerate(events) if e[0] == _WORD]
    for n, i in enumerate(words):
        stop = words[n + 1] if n + 1 < len(words) else len(events)
        start, end = events[i][2], None
        for j in range(i + 1, stop):
            if not _is_pause(events[j][3]):
                end = events[j + 1][2] if j + 1 < len(events) else length
        position = events[i][1]
        if end is None or not 0 <= position < len(text) or end <= start:
            continue
        following = events[words[n + 1]][1] if n + 1 < len(words) else len(text)
        chars = [p for p in range(position, max(position + 1, min(following, len(text))))
                 if "\u4e00" <= text[p] <= "\u9fff"]
        for k, p in enumerate(chars):
            step = (end - start) / len(chars)
            yield p, start + k * step, start + (k + 1) * step


def _phone_times(events, length):  # type: ignore[no-untyped-def]
    phones = [e for e in events if e[0] == _PHONEME and not e[3].startswith("(")]
    for i, (_, _, start, name) in enumerate(phones):
        end = phones[i + 1][2] if i + 1 < len(phones) else length
        if end > start:
            yield ("" if _is_pause(name) else name), start, end
