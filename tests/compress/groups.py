"""What each mask shape means, by the arithmetic of the indices of a weight."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from lesion.plugins import Named

Index = tuple[int, ...]
Key = Callable[[Index], Index]


def one_for_all(at: Index) -> Index:
    """Wherever the weight is."""
    return ()


SIDE, OF = 2, 4


@dataclass(frozen=True)
class Meant:
    """A shape as params.yaml names it; the group that the weight at an index is in, and the row of that group."""

    part: Named
    group: Key
    row: Key = one_for_all
    spares: tuple[int, ...] = ()


SHAPES = {
    "weight": Meant("weight", lambda at: at),
    "vector": Meant("vector", lambda at: at[:-1] if len(at) > 2 else at),
    "kernel": Meant("kernel", lambda at: at[:2]),
    "filter": Meant("filter", lambda at: at[:1], spares=(-1,)),
    "layer": Meant("layer", one_for_all, spares=(0, -1)),
    "block": Meant({"name": "block", "side": SIDE}, lambda at: (at[0] // SIDE, at[1] // SIDE, *at[2:])),
    "n_m": Meant({"name": "n-m", "of": OF}, lambda at: at, row=lambda at: (at[0], at[1] // OF, *at[2:])),
}


def divides(shape: str, size: Index) -> bool:
    """Whether a shape divides a tensor of this size."""
    if shape == "block":
        return size[0] % SIDE == size[1] % SIDE == 0
    return shape != "n_m" or size[1] % OF == 0


def rows(shape: str, size: Index) -> list[list[list[int]]]:
    """The places of the members of each group of each row, in the order of their first ones."""
    found: dict[Index, dict[Index, list[int]]] = {}
    for place, at in enumerate(product(*map(range, size))):
        found.setdefault(SHAPES[shape].row(at), {}).setdefault(SHAPES[shape].group(at), []).append(place)
    assert sum(len(group) for row in found.values() for group in row.values()) == math.prod(size)
    return [list(row.values()) for row in found.values()]
