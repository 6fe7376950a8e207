"""Where values lie on the width of a column, and the axis above it."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lesion.audit.wording import MINUS

EDGE = 4.0  # per cent of the width left free on both sides, for the dots
TICKS = 6  # about how many an axis has
LEAST = 1e-9  # the smallest span of an axis


@dataclass(frozen=True)
class Scale:
    """Where values lie on the width of a column.

    Attributes
    ----------
    low, high : the values at both ends
    """

    low: float
    high: float

    @classmethod
    def of(cls, *values: pd.Series) -> "Scale":
        """A scale that holds 0 and all values that are known."""
        known = np.concatenate([[0.0], *(part.to_numpy(dtype=np.float64, na_value=np.nan) for part in values)])
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        return cls(low, high if high - low > LEAST else low + 1)

    def at(self, value: float) -> str:
        """The place of a value, such as `37.5%`."""
        return f"{EDGE + (100 - 2 * EDGE) * (value - self.low) / (self.high - self.low):.1f}%"

    def ticks(self) -> list[float]:
        """Round values, 0 among them."""
        rough = (self.high - self.low) / TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * size for size in (1, 2, 5, 10) if unit * size >= rough)
        return [step * place for place in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]

    def axis(self) -> str:
        """The ticks with their values."""
        drawn = "".join(
            f'<line x1="{self.at(tick)}" x2="{self.at(tick)}" y1="75%" y2="100%"/>'
            f'<text x="{self.at(tick)}" y="62%">{rounded(tick)}</text>'
            for tick in self.ticks()
        )
        return f'<svg class="axis" aria-hidden="true">{drawn}</svg>'


def rounded(value: float) -> str:
    """The value of a tick."""
    return f"{value:.6g}".replace("-", MINUS)
