"""The Pareto front: how often a population is said to be on it, or off it, that is not."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bench.statistics.rate import Rate
from lesion.audit.inference.front import Means, beside_line, no_dearer, standings
from lesion.audit.inference.intervals import LEVEL

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

ALPHA, RUNS = 0.05, 2_000
MEMBERS = (2, 3, 10)


def normal(rng: np.random.Generator, count: int) -> Floats:
    """Members that differ as a normal distribution: mean 0, variance 1."""
    return rng.normal(0, 1, count)


def skewed(rng: np.random.Generator, count: int) -> Floats:
    """Members of which some lose far more than most: a gamma distribution of skewness 1, turned round."""
    return (4 - rng.gamma(4, 1, count)) / 2


def collapsing(rng: np.random.Generator, count: int) -> Floats:
    """Members of which a tenth collapse, by ten standard deviations of the rest."""
    fails = rng.random(count) < 0.1
    return rng.normal(0, 1, count) + np.where(fails, -10.0, 0.0) + 1.0


DRAWS: dict[str, Draw] = {"normal": normal, "skewed": skewed, "a tenth collapse": collapsing}


def said(draw: Draw, truth: Floats, spread: Floats, members: list[int]) -> tuple[Floats, Floats]:
    """How often each population, by cost, is said to be on the front and off it: float64 (k,) each."""
    rng = np.random.default_rng(5)
    cost = np.arange(len(truth), dtype=float)
    rivals, on, off = no_dearer(cost, cost), np.zeros(len(truth)), np.zeros(len(truth))
    for _ in range(RUNS):
        values = [mean + sd * draw(rng, count) for mean, sd, count in zip(truth, spread, members, strict=True)]
        found = np.array(standings(rivals, Means.of(values, np.zeros(len(truth))), alpha=ALPHA))
        on += found == "on"
        off += found == "off"
    return on / RUNS, off / RUNS


def rows() -> Iterator[Rate]:
    """All populations equal, so that none but the cheapest is on the front and none is worse than another."""
    for count in (5, 60):
        for name, draw in DRAWS.items():
            for members in MEMBERS:
                for spread, how in ((np.ones(count), "equal spread"), (np.geomspace(0.1, 3, count), "unequal spread")):
                    sides = [members] * count
                    on, off = said(draw, np.zeros(count), spread, sides)
                    what = f"{count} equal populations of {members}, {name}, {how}"
                    promised = ALPHA if name == "normal" else None
                    yield Rate(f"said to be on the front: {what}", on[1:].max(), promised, RUNS, "at most")
                    yield Rate(f"said to be off the front: {what}", off.max(), promised, RUNS, "at most")
    yield from gains()


def gains() -> Iterator[Rate]:
    """The interval of the gain over a line of two ends, members unequal in number and spread."""
    cost, truth = np.array([1.0, 10.0, 4.0]), np.array([0.0, 1.0, 0.7])
    gain = truth[2] - np.interp(np.log(4), np.log([1, 10]), [0.0, 1.0])
    for name, draw in DRAWS.items():
        for members in ((2, 2, 2), (3, 10, 3), (10, 3, 10), (6, 6, 6)):
            rng, held = np.random.default_rng(6), 0
            for _ in range(RUNS):
                values = [mean + sd * draw(rng, n) for mean, sd, n in zip(truth, (1.0, 0.3, 0.6), members, strict=True)]
                found = beside_line(cost, Means.of(values, np.zeros(3)), np.array([0, 1]))
                held += bool(found.low[2] <= gain <= found.high[2])
            promised = LEVEL if name == "normal" else None
            yield Rate(f"gain over a line: {members} members, {name}", held / RUNS, promised, RUNS, "at least")
