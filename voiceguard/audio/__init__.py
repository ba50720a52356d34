"""Opening recordings as call centres keep them, whatever the coding or damage.

::

    reading = Reading("call.wav", AudioOptions())
    for block in reading.blocks():
        block.samples                                    # (channels, n) float32 at 16 kHz
    reading.survey()                                     # what it is, how good, what is lost
"""

from voiceguard.audio.blocks import Block, clip, read_blocks
from voiceguard.audio.crosstalk import LeakWatch, leaked
from voiceguard.audio.levels import FRAME_MS, ChannelLevel, frame_db
from voiceguard.audio.options import AudioOptions, RawFormat
from voiceguard.audio.playable import playable
from voiceguard.audio.reading import Reading
from voiceguard.audio.survey import Survey, survey

__all__ = [
    "FRAME_MS", "AudioOptions", "Block", "ChannelLevel", "LeakWatch", "RawFormat",
    "Reading", "Survey",
    "clip", "frame_db", "leaked", "playable", "read_blocks", "survey",
]  # fmt: skip
