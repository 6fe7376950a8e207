"""Scales of axes: shares spread out near 100 %, counts spread out near 0."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

FULL = 99.99  # per cent: the scale of shares ends here; 100 % would lie at infinity
FEW = 5  # counts well below this are spaced nearly linearly
MANY = 100  # an axis of counts that are all larger need not start at 0
SHARE_TICKS = (90, 50, 95, 99, 80, 0, 70, 98, 30, 97, 99.5, 99.9, 96, 93, 94, 92, 85, 60, 40)  # per cent, best first
COUNT_TICKS = (0, 10, 100, 1000, -10, -100, 10_000, 50, 5, 20, 200, 500, 2000, 5000, -1000, 3000, 20_000, 50_000, -5)
ROOM = 0.09  # smallest distance between two ticks, as a share of the axis

Floats = npt.NDArray[np.float64]


def share_to_scale(percent: Floats) -> Floats:
    """Each halving of what is missing to 100 % is one step: 0, 50, 75 and 87.5 % are 0, 1, 2 and 3."""
    return -np.log2(1 - np.minimum(percent, FULL) / 100)


def share_from_scale(steps: Floats) -> Floats:
    """The inverse of `share_to_scale`."""
    return 100 * (1 - 2.0**-steps)


def count_to_scale(count: Floats) -> Floats:
    """±log(1 + |count| / FEW): a logarithm that is 0 at 0, and goes on below."""
    return np.sign(count) * np.log1p(np.abs(count) / FEW)


def count_from_scale(place: Floats) -> Floats:
    """The inverse of `count_to_scale`."""
    return np.sign(place) * FEW * np.expm1(np.abs(place))


def share_limits(low: float, high: float, *, below: float, above: float) -> tuple[float, float]:
    """Limits around the shares `low` and `high`, in per cent, with some steps `below` and `above`."""
    ends = share_from_scale(share_to_scale(np.array([low, high])) + np.array([-below, above]))
    return max(0.0, float(ends[0])), float(ends[1])


def ticks(limits: tuple[float, float], scale: Callable[[Floats], Floats], candidates: Iterable[float]) -> list[float]:
    """The candidates that an axis has room for, ascending; earlier candidates are preferred."""
    low, high = scale(np.array(limits))
    chosen: dict[float, float] = {}
    for tick in candidates:
        place = float((scale(np.array(float(tick))) - low) / (high - low))
        if 0 <= place <= 1 and all(abs(place - other) >= ROOM for other in chosen.values()):
            chosen[tick] = place
    return sorted(chosen)


SHARE = (share_to_scale, share_from_scale)
COUNT = (count_to_scale, count_from_scale)


def share_axis(axes: Axes, low: float, high: float) -> None:
    """Set scale, limits and ticks of a vertical axis of shares from `low` to `high`, in per cent."""
    axes.set_yscale("function", functions=SHARE)
    axes.set_ylim(share_limits(max(0.0, low), high, below=0.1, above=0.3))
    axes.set_yticks(ticks(axes.get_ylim(), share_to_scale, SHARE_TICKS))


def count_axis(axes: Axes, low: float, high: float) -> None:
    """Set scale, limits and ticks of a vertical axis of counts from `low` to `high`."""
    axes.set_yscale("function", functions=COUNT)
    axes.set_ylim(min(1.3 * low, low / 1.3 if low > MANY else 0), 1.3 * high)
    axes.set_yticks(ticks(axes.get_ylim(), count_to_scale, COUNT_TICKS))
