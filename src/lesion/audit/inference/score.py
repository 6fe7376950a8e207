"""A score of each example that makes a promise: among those that score s or more, at most 1 − s differ by chance.

Under the null hypothesis it does not matter which model is dense and which is compressed. All models of a side are
called otherwise together, many times, and the examples that are then as far apart are counted: as many of those that
are found are expected to be false. This is the false discovery rate of Tusher, Tibshirani & Chu (PNAS 98, 2001), with
the observed labels among the draws, so that few models cannot promise more than they have ways to be called otherwise.
"""

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.disagreement import beyond_chance
from lesion.audit.inference.votes import Integers, SideBySide, given

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]
Sides = npt.NDArray[np.float32]

MOST = 100  # ways to call the models otherwise
STEPS = 10_000  # of how far examples are apart
BLOCK = 4096  # examples that are counted at a time


def relabellings(members: int, others: int, *, paired: bool, rng: np.random.Generator, most: int = MOST) -> Sides:
    """Ways to call the models of a pool dense or compressed: all where there are no more than `most`, else random ones.

    Calling all models the other thing changes no distance, so with sides of one size only one of both ways is taken.

    Parameters
    ----------
    members, others : the pool holds the dense models first
    paired : models k of both sides are exchanged with each other alone

    Returns
    -------
    float32 (ways, members + others): 1 where a model is called dense. The first way is as it is.
    """
    models = members + others
    whole = np.arange(models) < members
    if paired:
        every = members <= most.bit_length() and 2 ** (members - 1) <= most
        swapped = (
            (np.arange(2 ** (members - 1))[:, None] >> np.arange(members)) & 1
            if every
            else np.concatenate([np.zeros((1, members), dtype=int), rng.integers(0, 2, (most - 1, members))])
        )
        return np.asarray(np.concatenate([1 - swapped, swapped], axis=1), dtype=np.float32)
    halved = members == others
    if comb(models, members) <= most * (1 + halved):
        fixed = (0,) if halved else ()
        chosen = [fixed + rest for rest in combinations(range(halved, models), members - halved)]
        return np.asarray((np.arange(models) == np.array(chosen)[..., None]).any(axis=1), dtype=np.float32)
    drawn = rng.permuted(np.repeat(whole[None], most - 1, axis=0), axis=1)
    return np.concatenate([whole[None], drawn]).astype(np.float32)


def _distances(pool: Labels, code: Integers, sides: Sides, classes: int) -> Floats:
    """Taxicab distances, float64 (ways, examples), of a pool (models, examples) with labels `code`."""
    gives = given(pool, code, classes, np.float32)
    members = sides[0].sum()
    others = len(pool) - members
    # |x / m − (c − x) / n| · m · n = |x · (m + n) − c · m|: whole numbers, which float32 holds exactly
    apart = np.abs((sides @ gives) * (members + others) - gives.sum(axis=0) * members)
    first = np.flatnonzero(np.diff(code // classes, prepend=-1))
    return np.add.reduceat(apart, first, axis=1, dtype=np.float64) / (float(members) * float(others))


def promised(found: Integers, relabelled: Integers, ways: int) -> Floats:
    """The share of true ones that each step promises: float64 (steps,), in [0, 1), never less at a higher step.

    Parameters
    ----------
    found : int64 (steps,), how many examples are as far apart
    relabelled : int64 (steps,), how many are in all ways to call the models together
    ways : how many ways these are
    """
    reached, expected = (count[::-1].cumsum()[::-1] for count in (found, relabelled))
    false = np.divide(expected, ways * reached, out=np.ones(len(found)), where=reached > 0)
    return np.asarray(1 - np.minimum(np.minimum.accumulate(false), 1))


def score(
    dense: Labels,
    compressed: Labels,
    both: SideBySide,
    by_chance: Floats,
    *,
    classes: int,
    paired: bool,
    rng: np.random.Generator,
) -> Floats:
    """The score of each example: float64 (examples,), in [0, 1].

    Of the examples that score s or more, at most a share 1 − s on average differ by chance. The score rises with the
    distance beyond chance (`disagreement.beyond_chance`) and orders examples as it does.

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    both : the votes of these two
    by_chance : float64 (examples,), `disagreement.chance_taxicab`
    """
    pool = np.concatenate([dense, compressed])
    differs = (pool != pool[0]).any(axis=0)  # elsewhere all models agree, whatever they are called
    example, label = np.divmod(both.code, classes)
    code = ((differs.cumsum() - 1)[example] * classes + label)[differs[example]]
    pool, by_chance = pool[:, differs], by_chance[differs]
    sides = relabellings(len(dense), len(compressed), paired=paired, rng=rng)
    step, relabelled = np.zeros(pool.shape[1], dtype=np.int64), np.zeros(STEPS + 1, dtype=np.int64)
    for start in range(0, len(step), BLOCK):
        block = slice(start, start + BLOCK)
        low, high = np.searchsorted(code, [start * classes, (start + BLOCK) * classes])
        distance = _distances(pool[:, block], code[low:high] - start * classes, sides, classes)
        steps = (beyond_chance(distance, by_chance[block]) * STEPS + 1e-6).astype(np.int64)
        step[block] = steps[0]
        relabelled += np.bincount(steps.ravel(), minlength=STEPS + 1)
    graded = np.zeros(len(differs))
    graded[differs] = promised(np.bincount(step, minlength=STEPS + 1), relabelled, len(sides))[step]
    return graded
