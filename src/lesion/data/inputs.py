"""The door through which a network gets its examples, whatever they are: images, rows of features, texts."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lesion.data.decode import Pixels
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation

Rows = npt.NDArray[np.intp]
Kind = Literal["images", "features", "texts"]
Shown = Pixels | str
"""An example for people: pixels, uint8 (height, width, channels), or lines of text."""

IMAGES: Kind = "images"


class Inputs(Protocol):
    """Examples by row, all of one shape; they may be sent to another process."""

    @property
    def kind(self) -> Kind:
        """What they are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example: side and channels of images, else as it is stored."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """What a network is built for: `channels` and `side`, or `features`, or `vocabulary` and `length`."""

    def read(self, rows: Rows) -> npt.NDArray[Any]:
        """As they are stored and evaluation sees them: (n, …)."""

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> npt.NDArray[Any]:
        """As training sees them, the same for the same seed: the shape and dtype of `read`."""

    def shown(self, rows: Rows) -> list[Shown]:
        """As people see them."""


def refuse_augmentation(augmentation: Augmentation, kind: str) -> None:
    """InputError where images would be changed, and these are none."""
    if augmentation.shift or augmentation.mirror or augmentation.smallest_area < 1 or augmentation.smaller:
        raise InputError(
            f"recipe.augmentation: is of images, the examples are {kind}; shift: 0, mirror: false, smallest_area: 1.0"
            " and nothing smaller are expected"
        )
