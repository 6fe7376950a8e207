"""Settings of the augmentation of training images."""

from pydantic import Field

from lesion.params.settings import Settings


class Augmentation(Settings):
    """How training images vary.

    `shift`: the largest shift of packed images, in pixels; `mirror`: left to right, half of the time;
    `smallest_area`: the least share of an image file that a random part of it holds, for images in files of their own.
    """

    shift: int = Field(ge=0)
    mirror: bool
    smallest_area: float = Field(gt=0, le=1)
