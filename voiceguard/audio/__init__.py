"""Opening recordings as call centres keep them, whatever the coding or damage.

::

    look = survey("call.wav", AudioOptions())            # what it is, how good, what is lost
    for block in read_blocks("call.wav", AudioOptions(), look.active):
        block.samples                                    # (channels, n) float32 at 16 kHz
"""

from voiceguard.audio.blocks import Block, clip, read_blocks
from voiceguard.audio.crosstalk import leaked
from voiceguard.audio.levels import FRAME_MS, ChannelLevel, frame_db
from voiceguard.audio.options import AudioOptions, RawFormat
from voiceguard.audio.playable import playable
from voiceguard.audio.survey import Survey, survey

__all__ = [
    "FRAME_MS", "AudioOptions", "Block", "ChannelLevel", "RawFormat", "Survey",
    "clip", "frame_db", "leaked", "playable", "read_blocks", "survey",
]  # fmt: skip
