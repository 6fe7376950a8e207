"""Settings of the augmentation of training images."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from lesion.params.settings import Settings


class Smaller(Settings):
    """Images are scaled to `side` pixels until the epoch `until`."""

    side: int = Field(ge=1)
    until: float = Field(gt=0)


class Augmentation(Settings):
    """How training images vary.

    `shift`: the largest shift of packed images, in pixels; `mirror`: left to right, half of the time at random, or
    `alternating`: each image in every other epoch;
    `smallest_area`: the least share of an image file that a random part of it holds, for images in files of their own;
    `smaller`: the sides of images in the first epochs, one after the other; afterwards they have their own.
    """

    shift: int = Field(ge=0)
    mirror: bool | Literal["alternating"]
    smallest_area: float = Field(gt=0, le=1)
    smaller: list[Smaller] = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(one.until >= other.until for one, other in pairwise(self.smaller)):
            raise ValueError("until must rise from entry to entry of smaller")
        return self
