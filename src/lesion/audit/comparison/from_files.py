"""A comparison of two files of predictions by anybody."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.files.prediction_files import fitted
from lesion.audit.comparison.files.readers import Predictions, read_predictions
from lesion.audit.comparison.from_arrays import of_populations


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
    paths = dense, compressed
    return from_predictions(*(read_predictions(path) for path in paths), paths=paths, **known)


def from_predictions(
    dense: Predictions, compressed: Predictions, *, paths: Sequence[Path] = tuple(map(Path, SIDES)), **known: Any
) -> Comparison:
    """Fit together what was read from two files, which `paths` name in errors; the rest as in `from_files`."""
    both = fitted(dense, compressed, paths=paths)
    known |= {"groups": both.attributes, "left_out": both.left_out}
    ids = both.example_names
    known["example_id"] = both.dense.example_id if ids is None else np.array(ids, dtype=object)
    if both.class_names is None:
        return of_populations(both.dense, both.compressed, classes=None, **known)
    return Comparison(both.dense, both.compressed, np.array(both.class_names, dtype=object), **known)
