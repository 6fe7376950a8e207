"""A comparison of two files of predictions by anybody."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lesion.audit.comparison.clusters import codes
from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.files.contract import NOTHING_SAID, Reading
from lesion.audit.comparison.files.prediction_files import fitted
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read, refuse_unheeded
from lesion.audit.comparison.from_arrays import of_populations
from lesion.audit.comparison.pairs import partners_first
from lesion.audit.comparison.sanity.check import checked
from lesion.audit.comparison.sanity.same_file import refuse_same


def from_files(dense: Path, compressed: Path, *, reading: Reading = NOTHING_SAID, **known: Any) -> Comparison:
    """Read two files (formats: docs/AUDIT.md) and fit them together.

    Parameters
    ----------
    reading : what the files do not tell themselves
    known : design, seed, study and variant, as in `Comparison`

    Raises
    ------
    InputError
        Where a file cannot be read, or the two do not fit together; the message names the file.
    """
    paths = dense, compressed
    refuse_same(*paths)
    refuse_unheeded(paths, reading)
    return from_predictions(*(read(path, reading) for path in paths), paths=paths, **known)


def from_predictions(
    dense: Predictions, compressed: Predictions, *, paths: Sequence[Path] = tuple(map(Path, SIDES)), **known: Any
) -> Comparison:
    """Fit together what was read from two files, which `paths` name in errors; the rest as in `from_files`."""
    both = fitted(dense, compressed, paths=paths)
    one, other = both.dense, both.compressed
    if known.get("design") == "paired":
        other = partners_first(one, other, sources=paths)
    known["cluster"] = None if both.cluster is None else codes(both.cluster)
    known |= {"groups": both.attributes, "left_out": both.left_out}
    if dense.source is not None and compressed.source is not None:
        known["sources"] = dense.source, compressed.source
    known |= {"graded": both.graded, "answers": both.answers, "text": both.text}
    ids = both.example_names if both.called is None else both.called
    known["example_id"] = both.dense.example_id if ids is None else np.array(ids, dtype=object)
    if both.class_names is None:
        return checked(of_populations(one, other, classes=None, **known), paths)
    return checked(Comparison(one, other, np.array(both.class_names, dtype=object), **known), paths)
