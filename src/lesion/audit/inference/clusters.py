"""What examples in clusters are worth: questions on one text, frames of one film, pictures of one patient.

Their answers change together, so a hundred of them tell less than a hundred that stand alone. The design effect is the
variance of a mean over clusters, beside that of as many examples drawn one by one (Kish, Survey Sampling, 1965).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FEW = 10  # clusters with a change; a variance of fewer is not worth its name


def design_effect(
    value: npt.NDArray[np.number],
    row: Integers,
    changed: Integers,
    *,
    of: Integers,
    stratum: Integers,
    cluster: Integers,
) -> Floats:
    """How many examples in clusters are worth one that stands alone, for each row of a table: float64 (rows,), ≥ 1.

    Of rows with a value in fewer than `FEW` clusters it is the mean size of the clusters, as if all examples of one
    were copies.

    Parameters
    ----------
    value : (values,), those that are not 0
    row : int (values,), the row that each counts to
    changed : int (values,), the example that it is of
    of : int (rows,), the stratum of examples that each row is about
    stratum : int (examples,), each in [0, strata); `cluster`: int (examples,)
    """
    rows, clusters = len(of), int(cluster.max()) + 1
    pieces, size = np.unique(stratum * clusters + cluster, return_counts=True)
    strata = int(stratum.max()) + 1
    examples = np.bincount(pieces // clusters, weights=size, minlength=strata)[of]
    squares = np.bincount(pieces // clusters, weights=size.astype(np.float64) ** 2, minlength=strata)[of]
    cells, place = np.unique(row * clusters + cluster[changed], return_inverse=True)
    total = np.bincount(place, weights=value, minlength=len(cells))
    where = cells // clusters
    beside = size[np.searchsorted(pieces, of[where] * clusters + cells % clusters)]

    def summed(weights: npt.NDArray[Any]) -> Floats:
        return np.asarray(np.bincount(where, weights=weights, minlength=rows))

    mean = summed(total) / examples
    together = summed(total**2) - 2 * mean * summed(total * beside) + mean**2 * squares
    alone = np.bincount(row, weights=np.square(value), minlength=rows) - examples * mean**2
    enough = (summed(np.ones(len(cells))) >= FEW) & (alone > 0)
    return np.maximum(np.where(enough, together / np.where(alone > 0, alone, 1.0), squares / examples), 1.0)
