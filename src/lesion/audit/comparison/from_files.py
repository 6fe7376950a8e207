"""A comparison of two files of predictions by anybody."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.files.prediction_files import read_prediction_files
from lesion.audit.comparison.from_arrays import of_populations
from lesion.audit.comparison.populations import Population, read_origins


def from_files(dense: Path, compressed: Path, **known: Any) -> Comparison:
    """Read two files (formats: docs/AUDIT.md) and fit them together.

    Parameters
    ----------
    known : design, seed, study and variant, as in `Comparison`

    Raises
    ------
    InputError
        Where a file cannot be read, or the two do not fit together; the message names the file.
    """
    read = read_prediction_files(dense, compressed)
    one, other = (_with_origins(said, path) for said, path in ((read.dense, dense), (read.compressed, compressed)))
    known |= {"groups": read.attributes, "left_out": read.left_out}
    names = read.example_names
    known["example_id"] = one.example_id if names is None else np.array(names, dtype=object)
    if read.class_names is None:
        return of_populations(one, other, classes=None, **known)
    return Comparison(one, other, np.array(read.class_names, dtype=object), **known)


def _with_origins(population: Population, path: Path) -> Population:
    """Files that this pipeline wrote tell what each member was trained from."""
    if path.suffix != ".parquet":
        return population
    return replace(population, origins=read_origins([path], members=len(population.member)))
