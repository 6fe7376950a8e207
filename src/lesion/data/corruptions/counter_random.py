"""Random numbers that depend on the example, not on its position in a batch.

A counter-based generator: each number is a hash of (names of the use, example id, counter). So an image gets the same
noise in any batch and any order, and a few array operations draw the numbers of a batch.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lesion.seeds import derive_seed

Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_CELLS = 256  # cells in the table of a Poisson distribution
_BLOCK = 1 << 14  # numbers to draw at a time, few enough for the fastest cache


def splitmix64(states: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Output function of SplitMix64 (Steele, Lea & Flood 2014) for each state; uint64 of any shape, same shape back."""
    mixed = states + _GOLDEN
    shifted = np.empty_like(mixed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed ^= np.right_shift(mixed, np.uint64(shift), out=shifted)
        if factor > 1:
            mixed *= np.uint64(factor)
    return mixed


@functools.lru_cache(maxsize=8)
def _poisson_tables(rates: tuple[float, ...]) -> tuple[Floats, NDArray[np.int32]]:
    """For each rate, the distribution function by count, and the least count for each of 256 cells of [0, 1)."""
    largest = max(rates, default=0.0)
    # 12 standard deviations and 40 counts above the mean; no uniform number of 52 bits reaches further
    support = np.arange(np.ceil(largest + 12 * np.sqrt(largest) + 40))
    below = np.asarray(special.pdtr(support, np.array(rates)[:, None]), dtype=np.float64)
    below[:, -1] = 1
    cells = np.arange(_CELLS) / _CELLS
    return below, np.array([np.searchsorted(row, cells) for row in below], dtype=np.int32)


@dataclass(frozen=True)
class CounterRandom:
    """Independent random numbers for each of n examples.

    Attributes
    ----------
    example_ids:
        Integers (n,). Equal ids get equal numbers.
    names:
        The use of the numbers, for example `("snow", 3)`. Other names give independent numbers.

    Notes
    -----
    There is no state. The same `draw` name gives the same numbers again, so each use in a formula needs its own name.
    """

    example_ids: NDArray[np.integer]
    names: tuple[str | int, ...]

    def uniform(self, draw: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Floats:
        """Uniform numbers strictly between `low` and `high`; (n, *shape) float64."""
        seed = np.uint64(derive_seed(0, *self.names, draw))
        ids = self.example_ids.astype(np.int64).astype(np.uint64)
        keys = splitmix64(seed + _GOLDEN * ids)
        keys = splitmix64(keys)[:, None]
        size = math.prod(shape)
        numbers = np.empty((len(ids), size))
        width = max(1, _BLOCK // max(1, len(ids)))
        for start in range(0, size, width):
            counters = _GOLDEN * np.arange(start, min(start + width, size), dtype=np.uint64)
            bits = splitmix64(keys + counters)
            bits >>= np.uint64(12)
            # The bits become the fraction of a float in [1, 2). Subtracting a little less than 1 avoids 0, where the
            # inverse normal distribution is infinite.
            bits |= np.uint64(0x3FF0000000000000)
            unit = bits.view(np.float64)
            unit -= 1 - 2.0**-53
            if (low, high) != (0, 1):
                unit *= high - low
                unit += low
            numbers[:, start : start + width] = unit
        return numbers.reshape(len(ids), *shape)

    def normal(self, draw: str, shape: tuple[int, ...]) -> Floats:
        """Standard normal numbers by inversion; (n, *shape) float64."""
        numbers = self.uniform(draw, shape)
        special.ndtri(numbers, out=numbers)
        return numbers

    def poisson(self, draw: str, rates: Floats, which: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Poisson counts by inversion, with rate `rates[which]`: rates (k,) >= 0, which (n, ...); int32 (n, ...).

        A table gives the start of each search in the distribution function, which then takes a step or two.
        """
        below, least = _poisson_tables(tuple(rates.tolist()))
        uniforms = self.uniform(draw, which.shape[1:]).ravel()
        counts = np.empty(uniforms.shape, np.int32)
        for start in range(0, len(counts), _BLOCK):
            block = slice(start, start + _BLOCK)
            uniform, rows = uniforms[block], which.ravel()[block].astype(np.intp)
            places = rows * below.shape[1] + least[rows, (uniform * _CELLS).astype(np.intp)]
            low = np.flatnonzero(below.take(places) < uniform)
            while len(low):
                places[low] += 1
                low = low[below.take(places[low]) < uniform[low]]
            counts[block] = places - rows * below.shape[1]
        return counts.reshape(which.shape)
