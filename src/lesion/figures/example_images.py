"""The images of examples, found by example id."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.artifacts import paths
from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import EXAMPLES, read_parquet
from lesion.errors import InputError

Image = npt.NDArray[np.uint8]


def read_images(study: str, example_ids: Iterable[Any]) -> dict[int, Image]:
    """The image of each example, uint8 (height, width, channels), by its id.

    Raises
    ------
    InputError
        Where the table of examples and the packed images disagree, or an id is in neither.
    """
    table, path = paths.examples(study), paths.images(study)
    known = read_parquet(table, EXAMPLES, ["example_id"]).column("example_id").to_pylist()
    arrays, _ = read_arrays(path)
    if "images" not in arrays:
        raise InputError(f"{path}: has no array images")
    images = arrays["images"]
    if len(images) != len(known):
        raise InputError(f"{path}: has {len(images)} images, {len(known)} expected as in {table}")
    row = {example: place for place, example in enumerate(known)}
    wanted = sorted({int(example) for example in example_ids})
    if missing := [example for example in wanted if example not in row]:
        raise InputError(f"{table}: has no example {missing[0]}")
    return {example: images[row[example]] for example in wanted}
