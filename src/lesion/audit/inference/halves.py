"""Sets of members that are compared to tell compression from other seeds."""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sets:
    """Sets of one size, drawn many times: rows of a pool of dense and then compressed members, (draws, size) each.

    Attributes
    ----------
    one, other : dense members, disjoint
    beside_one, beside_other : compressed members, of other seeds than those of the dense set that they stand beside:
        for pairs the partners of the other set
    pairs : how many pairs there are; 0 where members are independent
    dense, compressed : how many members there are
    """

    one: Rows
    other: Rows
    beside_one: Rows
    beside_other: Rows
    pairs: int
    dense: int
    compressed: int

    @property
    def size(self) -> int:
        """How many members a set has."""
        return int(self.one.shape[1])

    @property
    def uses(self) -> tuple[Rows, ...]:
        """How often each member is used in a draw: int64 (draws, members) of each population; of pairs, each pair."""
        dense = self.one, self.other
        if self.pairs:
            return (_uses(dense, self.pairs),)
        compressed = self.beside_one - self.dense, self.beside_other - self.dense
        return _uses(dense, self.dense), _uses(compressed, self.compressed)

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the variance between members; one less than usual, for counts are not linear."""
        return max(1, min(self.dense, self.compressed) - 2)

    def again(self, draws: int, rng: np.random.Generator) -> "Sets":
        """So many of them, in turn, with the members of each set drawn again, with replacement."""

        def redrawn(once: Rows) -> Rows:
            rows = np.resize(once, (draws, self.size))
            return np.sort(np.take_along_axis(rows, rng.integers(0, self.size, rows.shape), axis=1), axis=1)

        one, other = redrawn(self.one), redrawn(self.other)
        if self.pairs:
            beside = self.pairs + other, self.pairs + one
        else:
            beside = redrawn(self.beside_one), redrawn(self.beside_other)
        return Sets(one, other, *beside, self.pairs, self.dense, self.compressed)


def _uses(sides: tuple[Rows, Rows], members: int) -> Rows:
    return np.array([np.bincount(rows, minlength=members) for rows in np.concatenate(sides, axis=1)])


def draw_sets(dense: int, compressed: int, draws: int, rng: np.random.Generator, *, paired: bool) -> Sets:
    """Half of the dense members against the other half, and against as many compressed ones.

    Parameters
    ----------
    dense, compressed : how many there are: at least 4 and 2
    draws : how many; of pairs all ways, each once, where there are no more
    """
    size = min(dense // 2, compressed)
    one, other = draw_halves(dense, size, draws, rng)
    if paired:
        return Sets(one, other, dense + other, dense + one, dense, dense, compressed)
    one, other = (np.resize(rows, (draws, size)) for rows in (one, other))  # few ways: in turn, each beside others
    if compressed >= 2 * size:
        beside = _disjoint(compressed, size, draws, rng)
    else:
        beside = tuple(_disjoint(compressed, size, draws, rng, sets=1)[0] for _ in range(2))
    return Sets(one, other, dense + beside[0], dense + beside[1], 0, dense, compressed)


def draw_halves(members: int, size: int, draws: int, rng: np.random.Generator) -> tuple[Rows, ...]:
    """Two disjoint sets of `size` members, many times: all ways where there are no more than `draws`, else random
    ones.

    Returns
    -------
    int64 (ways, size), int64 (ways, size)
    """
    if comb(members, 2 * size) * comb(2 * size, size) // 2 > draws:
        return _disjoint(members, size, draws, rng)
    ways = [
        ((chosen[0], *half), tuple(member for member in chosen[1:] if member not in half))
        for chosen in combinations(range(members), 2 * size)
        for half in combinations(chosen[1:], size - 1)
    ]
    return tuple(np.array(side) for side in zip(*ways, strict=True))


def _disjoint(members: int, size: int, draws: int, rng: np.random.Generator, sets: int = 2) -> tuple[Rows, ...]:
    """Disjoint sets of members without replacement: int64 (draws, size) each."""
    drawn = np.argsort(rng.random((draws, members)), axis=1)
    return tuple(np.sort(drawn[:, size * place : size * (place + 1)], axis=1) for place in range(sets))
