"""Whether compressed members answer otherwise, more than other seeds do: one test of all examples together.

The distance between two members is the number of examples to which they give different answers. The energy distance of
two populations (Székely & Rizzo 2013, Journal of Statistical Planning and Inference 143, 1249–1272) is then the squared
Euclidean distance between their shares of each answer, summed over examples and answers. It needs only the agreements
between members.
"""

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]

MOST = 12_870
"""Up to so many relabellings all are looked at: those of 8 and 8 members."""
DRAWS = 9_999
"""How many are drawn where there are more."""


def agreements(prediction: Labels) -> Floats:
    """On how many examples each two members agree: float64 (members, members), whole numbers.

    Parameters
    ----------
    prediction : int (members, examples)
    """
    members, examples = prediction.shape
    same = np.full((members, members), float(examples))
    for one in range(members):
        for other in range(one):
            same[one, other] = same[other, one] = np.count_nonzero(prediction[one] == prediction[other])
    return same


def permutation_p(same: Floats, dense: int, rng: np.random.Generator) -> float:
    """P of the energy distance between the first members and the rest, over all ways to tell them apart.

    Exact where members are exchangeable, as those of one recipe that differ in their seeds alone.

    Parameters
    ----------
    same : `agreements` of all members, the dense ones first
    dense : how many of them are dense
    """
    members = len(same)
    compressed = members - dense
    if comb(members, dense) <= MOST:
        chosen = np.array(list(combinations(range(members), dense)))  # what there is comes first
    else:
        chosen = np.argsort(rng.random((DRAWS + 1, members)), axis=1)[:, :dense]
        chosen[0] = np.arange(dense)
    shares = np.full((len(chosen), members), -float(dense))
    np.put_along_axis(shares, chosen, float(compressed), axis=1)  # whole numbers: sums are exact, and so are ties
    distance = np.einsum("ij,ij->i", shares @ same, shares)
    return float((distance >= distance[0]).mean())


def least_p(dense: int, compressed: int) -> float:
    """The smallest p that so many members can give; of equal sides two relabellings are one."""
    return (2 if dense == compressed else 1) / comb(dense + compressed, dense)
