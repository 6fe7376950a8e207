"""What a data set's module gives: images in memory with their labels and splits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Dataset:
    """A small data set, in the order of its source; the position in it is the `example_id`.

    Attributes
    ----------
    images : uint8 (n, height, width, channels)
    label : int16 (n,), each in [0, len(class_names))
    train : bool (n,), the rest is for testing
    source : where the images come from, for people
    class_names : in order of label
    attributes : text (n,) by name, for subgroups
    """

    images: npt.NDArray[np.uint8]
    label: npt.NDArray[np.int16]
    train: npt.NDArray[np.bool_]
    source: str
    class_names: tuple[str, ...]
    attributes: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
