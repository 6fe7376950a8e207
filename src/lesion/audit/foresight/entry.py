"""`lesion.foresee`: what dense models alone say, from arrays, or from what was read from a file."""

from pathlib import Path
from typing import Any

import numpy.typing as npt

from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.frames import is_array, read_given
from lesion.audit.comparison.from_arrays import Groups, from_arrays
from lesion.audit.comparison.from_files import from_predictions
from lesion.audit.foresight.foresee import Foreseen, foresee_comparison
from lesion.errors import InputError

NAME = Path("foresee")


def foresee(
    dense: Any,
    label: npt.ArrayLike | None = None,
    *,
    confidence: npt.ArrayLike | None = None,
    example_id: npt.ArrayLike | None = None,
    groups: Groups | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Foreseen:
    """Say who will be forgotten, before anything is compressed.

    Examples are ranked by the margin of their answers; several models vote, each with its margin. How many answers flip
    is told for kinds of compression whose effect was measured (`audit.foresight.perturbations`), as a range: other
    models and other methods may lie outside.

    Parameters
    ----------
    dense : array of (members, examples), or (examples,) of one model; or a data frame, the path of a file, or what
        `read_predictions` read, which hold the rest; all as `Audit.fit` takes them
    label : (examples,), the true classes, where they are known
    confidence : probability of the answer given, of the shape of `dense`; needed of a single model
    example_id, groups, cluster : as `Audit.fit` takes them

    Raises
    ------
    InputError
        Where one model gives no confidence, or an array is no such thing.

    Examples
    --------
    >>> import lesion
    >>> seen = lesion.foresee([0, 1, 1, 0], [0, 1, 0, 0], confidence=[0.99, 0.51, 0.6, 0.9])
    >>> seen.examples[["example_id", "answer", "confidence"]].head(2).values.tolist()
    [[1.0, 1.0, 0.51], [2.0, 1.0, 0.6]]
    >>> seen.expected["kind"].tolist()
    ['int8', 'int4', 'pruned_50', 'pruned_90', 'retrained']
    """
    if is_array(dense):
        known: dict[str, Any] = {"example_id": example_id, "groups": groups, "cluster": cluster}
        return foresee_comparison(from_arrays(dense, dense, label, confidence=(confidence, confidence), **known))
    if any(value is not None for value in (label, confidence, example_id, groups, cluster)):
        raise InputError("foresee: what was read from a file holds labels and groups; nothing else is expected")
    return foresee_predictions(read_given("dense", dense), NAME)


def foresee_predictions(dense: Predictions, path: Path) -> Foreseen:
    """What was read from a file, which `path` names in errors, says."""
    return foresee_comparison(from_predictions(dense, dense, paths=(path, path)), source=path)
