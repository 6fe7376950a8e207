"""Colour operations for images with three channels or one."""

import functools
from collections.abc import Callable

import numpy as np

from lesion.data.corruptions.counter_random import Floats
from lesion.data.corruptions.filters import Reals

_LUMA = (0.299, 0.587, 0.114)


def luminance(images: Reals) -> Reals:
    """ITU-R BT.601 luma of (n, h, w, 3), or the image itself of (n, h, w, 1); (n, h, w, 1)."""
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., channel : channel + 1] for channel in range(3))
    grey: Reals = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return grey


def brightest(images: Reals) -> Reals:
    """The largest channel of each pixel, which is the value in HSV; (n, h, w)."""
    return functools.reduce(np.maximum, np.moveaxis(images, -1, 0))  # numpy is slow in reducing an axis of three


def darkest(images: Reals) -> Reals:
    """The least channel of each pixel; (n, h, w)."""
    return functools.reduce(np.minimum, np.moveaxis(images, -1, 0))


def by_channel(images: Reals, change: Callable[[Reals, int], Reals]) -> Reals:
    """Apply `change` to each channel (n, h, w) and its number. Faster than repeating a plane along an axis of three."""
    return np.stack([change(images[..., channel], channel) for channel in range(images.shape[-1])], axis=-1)


def paint(rgb: tuple[int, int, int], channels: int) -> Floats:
    """An 8-bit colour scaled to [0, 1] for images with 3 channels, or its luma for images with 1; (channels,)."""
    colour: Floats = np.array(rgb) / 255
    return colour if channels == 3 else np.asarray(luminance(colour), dtype=np.float64)
