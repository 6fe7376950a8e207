"""Examples as people see them, found by example id."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lesion.artifacts.tables import EXAMPLES, read_parquet
from lesion.data.inputs import Shown
from lesion.data.opening import open_inputs
from lesion.errors import InputError


def read_images(examples: Path, images: Path, example_ids: Iterable[Any]) -> dict[int, Shown]:
    """Each example as evaluation sees it, by its id: an image, uint8 (height, width, channels), or text.

    Parameters
    ----------
    examples, images : the two files of the `data` step

    Raises
    ------
    InputError
        Where an id is not in the table of examples, or an image cannot be read.
    """
    known = read_parquet(examples, EXAMPLES, ["example_id"]).column("example_id").to_numpy()
    wanted = np.unique(np.fromiter((int(example) for example in example_ids), dtype=np.int64))
    rows = np.searchsorted(known, wanted)
    if missing := [
        int(example) for example, row in zip(wanted, rows, strict=True) if row == len(known) or known[row] != example
    ]:
        raise InputError(f"{examples}: has no example {missing[0]}")
    if not len(wanted):
        return {}
    found = open_inputs(examples, images, rows).shown(np.arange(len(rows)))
    return dict(zip(wanted.tolist(), found, strict=True))
