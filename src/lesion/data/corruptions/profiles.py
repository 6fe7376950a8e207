"""Finds the constants for an image side: those published for a side near it."""

import dataclasses

from lesion.data.corruptions.constants import Profile
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from lesion.data.corruptions.side_64 import SIDE_64
from lesion.data.corruptions.side_224 import SIDE_224
from lesion.data.corruptions.side_299 import SIDE_299
from lesion.errors import InputError

PUBLISHED = {32: SIDE_32, 64: SIDE_64, 224: SIDE_224, 299: SIDE_299}
LEAST = 24  # pixels; for smaller sides the published formulas do too little, or the same at every severity


def nearest(side: int) -> int:
    """The published side from which `side` differs by the least factor."""
    return min(PUBLISHED, key=lambda published: max(side / published, published / side))


def profile_for(height: int, width: int) -> Profile:
    """Constants for images of `height` x `width` pixels: those of the nearest published side, as they are.

    The lengths of the elastic transform alone are published as shares of the side, and are scaled with it.

    Raises
    ------
    InputError
        If the images are not square, or smaller than 24 pixels and not 8 x 8.
    """
    if (height, width) == (8, 8):
        return SIDE_8
    if height != width or height < LEAST:
        raise InputError(
            f"corruptions: no severity constants for images of {height}x{width} pixels; there are for 8x8 and for"
            f" squares from {LEAST}x{LEAST}"
        )
    published = nearest(height)
    if height == published:
        return PUBLISHED[published]
    waves = (
        type(wave)(*(length * height / published for length in wave)) for wave in PUBLISHED[published].elastic_transform
    )
    return dataclasses.replace(PUBLISHED[published], elastic_transform=tuple(waves))
