"""How the answer to an example changes between two populations, by their modal labels."""

from typing import Any

import numpy as np
import numpy.typing as npt

KINDS = ("pie", "forgotten", "learnt", "moved")
"""pie: another answer; forgotten: right, then wrong; learnt: wrong, then right; moved: wrong, then wrong otherwise."""


def kinds(before: npt.NDArray[Any], after: npt.NDArray[Any], label: npt.NDArray[Any] | None) -> npt.NDArray[np.bool_]:
    """Which examples are of each kind: bool (kinds, examples), in the order of `KINDS`; of pie alone without labels.

    Parameters
    ----------
    before, after, label : int (examples,)
    """
    other = np.asarray(before != after)
    if label is None:
        return np.array([other])
    right = before == label
    forgotten, learnt = right & other, (after == label) & other
    return np.array([other, forgotten, learnt, other & ~forgotten & ~learnt])
