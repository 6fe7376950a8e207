"""Colours that also make sense on images with one channel."""

import numpy as np

from lesion.data.corruptions.counter_random import Floats

_LUMA = (0.299, 0.587, 0.114)


def luminance(images: Floats) -> Floats:
    """ITU-R BT.601 luma of (n, h, w, 3), or the image itself of (n, h, w, 1); (n, h, w, 1)."""
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., channel : channel + 1] for channel in range(3))
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def paint(rgb: tuple[int, int, int], channels: int) -> Floats:
    """An 8-bit colour in [0, 1] for images with 3 channels, its luma for images with 1; (channels,)."""
    colour = np.array(rgb).reshape(1, 1, 1, 3) / 255
    return colour.ravel() if channels == 3 else luminance(colour).ravel()
