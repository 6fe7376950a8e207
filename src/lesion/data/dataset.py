"""Examples with labels and splits, and their images, in memory or as files: what a module in `data/sets/` loads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The examples of a data set, in the order of the source. The position is the `example_id`.

    Attributes
    ----------
    label : int16 (n,), each in [0, len(class_names))
    train : bool (n,), True for training, False for testing
    class_names : names for people, in order of label
    class_ids : names in the source (ImageNet's wnids), in order of label; empty if they are the class names
    attributes : text (n,) by attribute name, for subgroups
    """

    label: npt.NDArray[np.int16]
    train: npt.NDArray[np.bool_]
    class_names: tuple[str, ...]
    class_ids: tuple[str, ...] = ()
    attributes: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the classes in the source, in order of label."""
        return self.class_ids or self.class_names


@dataclass(frozen=True, kw_only=True)
class Packed(Examples):
    """A small data set with its images in memory.

    Attributes
    ----------
    images : uint8 (n, height, width, channels)
    source : origin of the images, for people
    """

    images: npt.NDArray[np.uint8]
    source: str


@dataclass(frozen=True)
class Geometry:
    """How an image file becomes a square: scale the shorter side to `resize`, cut out the centre `side` × `side`.

    With `crop` "squash" both sides are scaled to `resize`. `interpolation` is a filter of Pillow, in small letters. An
    image of `side` × `side` pixels stays as it is.
    """

    resize: int
    side: int
    interpolation: str = "bilinear"
    crop: str = "centre"


@dataclass(frozen=True, kw_only=True)
class Indexed(Examples):
    """A large data set of image files, which are read in place and converted to RGB.

    Attributes
    ----------
    root : folder of the files as in params.yaml; environment variables are expanded when an image is read
    files : text (n,), paths relative to `root`
    geometry : the part of a file that a model sees
    mean, std : float (3,), mean and standard deviation of pixels in [0, 1] for normalisation
    """

    root: str
    files: pa.StringArray
    geometry: Geometry
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Table(Examples):
    """Rows of features, in memory.

    Attributes
    ----------
    values : float32 (n, features)
    features : their names
    source : origin of the rows, for people
    """

    values: npt.NDArray[np.float32]
    features: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Texts(Examples):
    """Texts, as numbers of words in memory.

    Attributes
    ----------
    tokens : int32 (n, length), as `token_texts.TokenTexts` has them
    vocabulary : the words that have numbers
    files : text (n,), where each text is from
    """

    tokens: npt.NDArray[np.int32]
    vocabulary: tuple[str, ...]
    files: pa.StringArray


Dataset = Packed | Indexed | Table | Texts
