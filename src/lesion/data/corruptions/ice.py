"""Procedural sheets of ice, for where the photographs of frost that ImageNet-C ships are not at hand."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions.colour import paint
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.plasma import plasma

SHEETS = 5  # the published code uses its first five photographs
SIDE = 512
TINT = (214, 234, 255)
_MARGIN = 1.1
_FOLDS = 6  # times that the plasma goes from dark to bright and back; more folds make more crystals


@functools.lru_cache(maxsize=4)
def sheets(scale: float, side: int, channels: int) -> NDArray[np.float32]:
    """Five sheets for all images of `side` pixels: float32 (5, s, s, channels) in [0, 1], where s is 512 · `scale`.

    Rough plasma is folded into ridges, like the edges of crystals. Values are 0.1 to 1, 0.46 on average, with a faint
    blue tint in colour images. `scale` resizes the sheets as the published code resizes its photographs. Where they
    are then no larger than an image, s is 1.1 times its side.
    """
    if round(SIDE * scale) <= side:
        scale = _MARGIN * side / SIDE
    clouds = _FOLDS * plasma(CounterRandom(np.arange(SHEETS), ("ice",)), side=SIDE, decay=1.3)
    ridges = (1 - np.abs(2 * (clouds % 1) - 1)) ** 1.5
    whole = ((0.1 + 0.9 * ridges)[..., None] * paint(TINT, channels)).astype(np.float32)
    resized = [cv2.resize(sheet, (0, 0), fx=scale, fy=scale) for sheet in whole]
    return np.stack(resized).reshape(SHEETS, *resized[0].shape[:2], channels).astype(np.float32)
