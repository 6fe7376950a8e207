"""Examples that belong together: frames of a video, questions on one text, images of one patient."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

LEAST = 10  # groups that ids must name to suggest clusters
LARGE = 30  # examples of a group that is compared rather than a cluster
ENDING = r"\.[0-9]*[A-Za-z][A-Za-z0-9]{0,4}$"  # of the name of a file
LAST = r"[-_/:. ][^-_/:. ]*$"


def codes(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Clusters of any names as 0, 1, …, in order of these names as text: int64 (examples,)."""
    return np.unique(values.astype(str), return_inverse=True)[1]


def suggested(
    example_id: npt.NDArray[Any], label: npt.NDArray[Any] | None, groups: Iterable[npt.NDArray[Any]]
) -> tuple[int, str, str] | None:
    """Groups that ids name, as `video12` in `video12_frame3`: what stands before the last of `_ - / : .` or blank.

    They are none where they are the classes, as of folders, or the values of an attribute with many examples each, as
    of benchmarks.

    Parameters
    ----------
    example_id : (examples,); integers name nothing
    label, groups : classes and attributes of the examples, each (examples,)

    Returns
    -------
    how many groups, and two examples of one; None for fewer than ten groups, or fewer than two examples a group
    """
    if example_id.dtype != object and example_id.dtype.kind not in "UT":
        return None
    ids = pa.array(example_id.astype(str).tolist(), pa.string())
    names = pc.replace_substring_regex(ids, ENDING, "")
    group, found = pd.factorize(pc.replace_substring_regex(names, LAST, "").to_numpy(zero_copy_only=False))
    if len(found) < LEAST or len(found) > len(group) / 2 or (label is not None and _same(group, label)):
        return None
    if len(group) / len(found) >= LARGE and any(_same(group, values) for values in groups):
        return None
    size = np.bincount(group)
    largest = np.flatnonzero(group == np.argmax(size))
    return len(found), str(example_id[largest[0]]), str(example_id[largest[1]])


def _same(group: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> bool:
    """Whether values divide the examples as the groups do."""
    value, _ = pd.factorize(values)
    pairs = len(np.unique(group * (value.max() + 1) + value))
    return pairs == len(np.unique(group)) == len(np.unique(value))
