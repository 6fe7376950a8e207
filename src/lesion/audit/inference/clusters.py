"""What examples in clusters are worth: questions on one text, frames of one film, pictures of one patient.

Their answers change together, so a hundred of them tell less than a hundred that stand alone. The design effect is the
variance of a mean over clusters, beside that of as many examples drawn one by one (Kish, Survey Sampling, 1965).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FEW = 10  # clusters with a change; a variance of fewer is not worth its name
HALF = 0.5  # of an example: changes must add up to more than this before their size is believed


@dataclass(frozen=True)
class DesignEffect:
    """How many examples are worth one that stands alone, and changes wholly or not at all; each float64 (rows,).

    Attributes
    ----------
    effect : above 0
    freedom : degrees of freedom of its estimate; infinite where it is known, or was taken as the largest
    """

    effect: Floats
    freedom: Floats

    def worth(self, examples: Floats, level: float) -> Floats:
        """How many examples so many are worth, for a bound of this level: float64 (rows,), 1 and up.

        Where the effect is estimated, they count as fewer: by the squared ratio of the quantiles of the normal and of
        Student's distribution (Korn & Graubard, Surv. Methodol. 24, 1998).
        """
        ratio = special.ndtri(level) / special.stdtrit(self.freedom, level)
        return np.asarray(np.maximum(examples / self.effect * ratio**2, 1.0))


def alone(gross: Floats, square: Floats, net: Floats, examples: Floats) -> tuple[Floats, Floats]:
    """The effect of examples that stand alone, and the variance of wholly changed ones: float64 (rows,) each.

    Parameters
    ----------
    gross, square, net : the sums of the values, taken as absolute, as squares, and as they are
    """
    whole = gross - net**2 / examples
    return (square - net**2 / examples + HALF) / (whole + HALF), whole


def design_effect(
    value: npt.NDArray[np.number],
    row: Integers,
    example: Integers,
    *,
    of: Integers,
    stratum: Integers,
    cluster: Integers,
) -> DesignEffect:
    """The design effect of the mean of a value of examples in clusters, for each row of a table.

    Its estimate stands on the clusters that have a value; of unequal ones, whose sizes s are, on the fewer that are
    large, (Σs²)² / Σs⁴ of all. Where these are fewer than `FEW`, it is that of clusters whose examples are copies, and
    where they are more, as if `FEW` such clusters had been seen beside them.

    Parameters
    ----------
    value : (values,), in [−1, 1], those that are not 0
    row : int (values,), the row that each counts to
    example : int (values,), the example that it is of
    of : int (rows,), the stratum of examples that each row is about
    stratum : int (examples,), each in [0, strata); `cluster`: int (examples,), 0 and up
    """
    rows, clusters = len(of), int(cluster.max()) + 1
    pieces, count = np.unique(stratum.astype(np.int64) * clusters + cluster, return_counts=True)
    size = count.astype(np.float64)
    cells, place = np.unique(row.astype(np.int64) * clusters + cluster[example], return_inverse=True)
    total = np.bincount(place, weights=value, minlength=len(cells)).astype(np.float64)
    where = cells // clusters
    beside = size[np.searchsorted(pieces, of[where] * clusters + cells % clusters)]

    def over_pieces(weights: Floats) -> Floats:
        return np.asarray(np.bincount(pieces // clusters, weights=weights)[of])

    def over_cells(weights: Floats) -> Floats:
        return np.asarray(np.bincount(where, weights=weights, minlength=rows))

    def over_values(weights: Floats) -> Floats:
        return np.asarray(np.bincount(row, weights=weights, minlength=rows))

    examples, squares = over_pieces(size), over_pieces(size**2)
    net = over_cells(total)
    one, whole = alone(over_values(np.abs(value)), over_values(np.square(value)), net, examples)
    mean = net / examples
    together = over_cells(total**2) - 2 * mean * over_cells(total * beside) + mean**2 * squares
    large = over_cells(np.ones(len(cells))) * squares**2 / (over_pieces(size**4) * over_pieces(np.ones(len(size))))
    copies = one * squares / examples
    seen = (together + HALF) / (whole + HALF)
    steadied = (large * seen + FEW * copies) / (large + FEW)
    few = large < FEW
    effect = np.where(few, np.maximum(seen, copies), np.maximum(steadied, one))
    return DesignEffect(effect, np.where(few, np.inf, large - 1))
