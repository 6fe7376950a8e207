"""How well what happened to one half of the members foresees what happens to the other half.

What compression does to an example differs from seed to seed, so no score foresees all of it. One half of the dense and
compressed members has seen the compression itself: what it does not foresee of the other half's changes, a score of
dense members alone can hardly foresee.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.foresight import Ranking
from lesion.audit.inference.foresight_scores import held, lead
from lesion.audit.inference.foresight_targets import rankings, targets
from lesion.audit.inference.resampling import Pool

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST = 4
"""Members of a side, for halves of two."""
Half = tuple[Rows, Rows]
"""Rows of dense and of compressed members."""


@dataclass(frozen=True)
class Foreseen:
    """Areas under the curve of what one half says of the other half's events; means, NaN of events that never happen.

    Attributes
    ----------
    margin : float64 (sizes, targets), of the leads of so many dense members of the half
    taxicab : float64 (targets,), of the taxicab distances between the answers of its dense and compressed members
    ceiling : float64 (targets,), of the lesser of the dense members' lead and of how far the compressed ones hold
        the same answer
    """

    margin: Floats
    taxicab: Floats
    ceiling: Floats


def draw(
    dense: int, compressed: int, splits: int, rng: np.random.Generator, *, paired: bool
) -> list[tuple[Half, Half]]:
    """Both halves of dense members beside both halves of compressed ones, drawn anew each time.

    Parameters
    ----------
    dense, compressed : how many there are; rows of compressed ones begin with `dense`
    paired : member k of both belong together, and stay in the same half
    """
    drawn = []
    for _ in range(splits):
        one = rng.permutation(dense)
        other = dense + (one if paired else rng.permutation(compressed))
        middle, end = len(one) // 2, len(other) // 2
        drawn.append(((one[:middle], other[:end]), (one[middle:], other[end:])))
    return drawn


def foreseen(pool: Pool, weight: Floats, halves: list[tuple[Half, Half]], sizes: list[int]) -> Foreseen:
    """Let each half foresee the other.

    Parameters
    ----------
    pool : dense and then compressed members
    weight : float64 (members, examples), of their answers (`foresight_scores.lead`)
    sizes : numbers of dense members of a half that are asked, the whole half last
    """
    found = [list(_areas(pool, weight, *way, sizes)) for one, other in halves for way in ((one, other), (other, one))]
    known = ~np.isnan(found)
    times = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    taxicab, ceiling, *margin = np.nansum(found, axis=0) / times
    return Foreseen(np.array(margin), taxicab, ceiling)


def _areas(pool: Pool, weight: Floats, seen: Half, unseen: Half, sizes: list[int]) -> Iterator[list[float]]:
    before, after = (pool.modal_label(rows) for rows in unseen)
    asked = targets(before, after, pool.label)
    said, (dense, compressed) = pool.prediction, seen
    ahead = [lead(said[dense[:size]], weight[dense[:size]]) for size in sizes]
    answer, of_half = ahead[-1]
    both = np.minimum(of_half, held(said[compressed], weight[compressed], answer))
    for score in (pool.taxicab(dense, compressed), -both, *(-margin for _, margin in ahead)):
        ranked = zip(rankings(score, asked), asked, strict=True)
        yield [_area(ranking, target.true[target.asked]) for ranking, target in ranked]


def _area(ranking: Ranking, flagged: Flags) -> float:
    if not flagged.any() or flagged.all():
        return float("nan")
    return float(ranking.components(flagged)[flagged].mean())
