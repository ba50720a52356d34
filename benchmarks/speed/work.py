"""How much a Whisper model must compute and read, counted from its dimensions.

A multiplication and an addition are two operations. Norms, softmax and other work that grows with
the width alone are left out: they are below a hundredth of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Frames of 20 ms in a padded window.
FRAMES = 1500


@dataclass(frozen=True, slots=True)
class Size:
    """A model's dimensions; heads are 64 wide.

    Attributes:
        width: of encoder and decoder.
        layers: of the encoder.
        text_layers: of the decoder.
    """

    name: str
    width: int
    layers: int
    text_layers: int
    bands: int = 80
    vocabulary: int = 51865

    def encoder(self, frames: int = FRAMES) -> float:
        """Operations of encoding one window."""
        d = self.width
        convolutions = 2 * 2 * frames * 3 * self.bands * d + 2 * frames * 3 * d * d
        return convolutions + self.layers * (24 * frames * d * d + 4 * frames * frames * d)

    def remembering(self, frames: int = FRAMES) -> float:
        """Operations of a window's keys and values for the decoder, once a window."""
        return 4.0 * frames * self.width**2 * self.text_layers

    def step(self, frames: int = FRAMES) -> float:
        """Operations of one token of one window, without attention to the tokens before it."""
        d = self.width
        return self.text_layers * (28 * d * d + 4 * frames * d) + 2 * self.vocabulary * d

    def step_bytes(self, rows: int, frames: int = FRAMES, width: int = 4) -> float:
        """Bytes that one step over ``rows`` windows must read.

        Args:
            width: bytes a number.
        """
        d = self.width
        weights = self.text_layers * 14 * d * d + self.vocabulary * d
        return float(width * (weights + rows * self.text_layers * 2 * frames * d))

    def window(self, tokens: float, frames: int = FRAMES) -> float:
        """Operations of a window with a text of ``tokens``."""
        return self.encoder(frames) + self.remembering(frames) + tokens * self.step(frames)


#: Whisper's sizes.
SIZES = {
    size.name: size
    for size in (
        Size("tiny", 384, 4, 4), Size("base", 512, 6, 6), Size("small", 768, 12, 12),
        Size("medium", 1024, 24, 24), Size("large-v3", 1280, 32, 32, 128, 51866),
        Size("turbo", 1280, 32, 4, 128, 51866),
    )
}
