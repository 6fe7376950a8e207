"""Random numbers that belong to an example, not to a position in a batch.

A counter-based generator: every number is a hash of (names of the use, example id, counter), so an image gets the
same noise alone, in any batch and in any order, and a whole batch is drawn by a few array operations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lesion.seeds import derive_seed

Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def splitmix64(states: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Output function of SplitMix64 (Steele, Lea & Flood 2014) for each state; uint64 of any shape, same shape back."""
    mixed = states + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True)
class CounterRandom:
    """Independent random numbers for each of n examples.

    Attributes
    ----------
    example_ids:
        Integers (n,): equal ids get equal numbers.
    names:
        What the numbers are for, e.g. `("snow", 3)`; other names give independent numbers.

    Notes
    -----
    There is no state: the same `draw` name gives the same numbers again, so each use within a formula has its own.
    """

    example_ids: NDArray[np.integer]
    names: tuple[str | int, ...]

    def uniform(self, draw: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Floats:
        """Uniform numbers strictly between `low` and `high`; (n, *shape) float64."""
        seed = np.uint64(derive_seed(0, *self.names, draw))
        ids = self.example_ids.astype(np.int64).astype(np.uint64)
        keys = splitmix64(seed + _GOLDEN * ids)
        counters = _GOLDEN * np.arange(np.prod(shape, dtype=int), dtype=np.uint64)
        bits = splitmix64(splitmix64(keys)[:, None] + counters) >> np.uint64(12)
        # Midpoints of 2**52 cells: never 0 nor 1, where the inverse normal distribution is infinite.
        unit = (bits.astype(np.float64) + 0.5) * 2.0**-52
        return (low + (high - low) * unit).reshape(len(ids), *shape)

    def normal(self, draw: str, shape: tuple[int, ...]) -> Floats:
        """Standard normal numbers by inversion; (n, *shape) float64."""
        return np.asarray(special.ndtri(self.uniform(draw, shape)), dtype=np.float64)

    def poisson(self, draw: str, rates: Floats) -> Floats:
        """Poisson counts by inversion, as float64 of the shape (n, ...) of `rates` (all >= 0).

        One table of the distribution function for each distinct rate: an 8-bit image has at most 256.
        """
        uniforms = self.uniform(draw, rates.shape[1:])
        distinct, which = np.unique(rates, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        ends = np.cumsum(np.bincount(which.ravel(), minlength=len(distinct)))
        groups = np.split(order, ends)[:-1]
        counts = np.empty(rates.size)
        for rate, members in zip(distinct, groups, strict=True):
            # 12 standard deviations and 40 counts above the mean: beyond any uniform of 52 bits.
            support = np.arange(np.ceil(rate + 12 * np.sqrt(rate) + 40))
            counts[members] = np.searchsorted(special.pdtr(support, rate), uniforms.ravel()[members])
        return counts.reshape(rates.shape)
