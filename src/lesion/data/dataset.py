"""What a data set's module gives: examples with their labels and splits, and the images in memory or where they lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The examples of a data set, in the order of its source; the position in it is the `example_id`.

    Attributes
    ----------
    label : int16 (n,), each in [0, len(class_names))
    train : bool (n,), the rest is for testing
    class_names : in order of label, for people
    class_ids : in order of label, what the source calls them (ImageNet's wnids); the names where there is nothing else
    attributes : text (n,) by name, for subgroups
    """

    label: npt.NDArray[np.int16]
    train: npt.NDArray[np.bool_]
    class_names: tuple[str, ...]
    class_ids: tuple[str, ...] = ()
    attributes: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """What the source calls the classes."""
        return self.class_ids or self.class_names


@dataclass(frozen=True, kw_only=True)
class Packed(Examples):
    """A small data set, its images in memory.

    Attributes
    ----------
    images : uint8 (n, height, width, channels)
    source : where the images come from, for people
    """

    images: npt.NDArray[np.uint8]
    source: str


@dataclass(frozen=True)
class Geometry:
    """How an image file becomes a square: its shorter side is scaled to `resize`, the centre `side` × `side` cut out.

    An image that is `side` × `side` already is taken as it is.
    """

    resize: int
    side: int


@dataclass(frozen=True, kw_only=True)
class Indexed(Examples):
    """A large data set of image files that stay where they are, RGB whatever their mode.

    Attributes
    ----------
    root : their folder, as params.yaml has it: environment variables are looked up when an image is read
    files : (n,) text, paths relative to `root`
    geometry : what a model sees of a file
    mean, std : float (3,), of pixels in [0, 1], by which images are normalised
    """

    root: str
    files: pa.StringArray
    geometry: Geometry
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


Dataset = Packed | Indexed
