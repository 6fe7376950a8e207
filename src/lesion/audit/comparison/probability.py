"""Probabilities as models write them: a little over one, or under zero, by rounding."""

from typing import Any

import numpy as np
import numpy.typing as npt

ROUNDING = 1e-3  # fastText gives 1.00001; the step of float16 above 1 is 0.00098


def is_probability(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each number lies in [0, 1], give or take `ROUNDING`: bool, same shape; False for NaN."""
    return np.asarray((values >= -ROUNDING) & (values <= 1 + ROUNDING))


def clipped(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The same numbers, those outside [0, 1] put on its nearer end: float32, same shape."""
    return np.asarray(np.clip(values, 0, 1), dtype=np.float32)
