"""Finds the table of constants for an image side. A new side needs a new table and a line here."""

from lesion.data.corruptions.constants import Profile
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from lesion.data.corruptions.side_224 import SIDE_224
from lesion.errors import InputError

PROFILES = {8: SIDE_8, 32: SIDE_32, 224: SIDE_224}


def profile_for(height: int, width: int) -> Profile:
    """Constants for images of `height` x `width` pixels; InputError if there are none."""
    if height != width or height not in PROFILES:
        known = ", ".join(f"{side}x{side}" for side in sorted(PROFILES))
        raise InputError(
            f"corruptions: no severity constants for images of {height}x{width} pixels; there are for {known}"
        )
    return PROFILES[height]
