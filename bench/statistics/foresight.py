"""Whether intervals of the area under the curve, and of the share of events in the riskiest tenth, hold the truth.

Scores of examples that change are higher on average, and spread as much as those of others, more, less, or are a
mixture: a third is not foreseen at all. The truth is that of a million examples. DeLong's interval stands beside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bench.statistics.rate import Rate
from lesion.audit.inference.foresight import Ranking, area, observed_variance, share_caught

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PROMISED, STUDIES, LARGE, CLUSTER, TOGETHER = 0.95, 500, 1_000_000, 10, 0.6
SPREADS = {"alike": 1.0, "wide": 1.5, "narrow": 0.4, "a mixture": 1.0}
SIZES = [(300, 0.01), (1_000, 0.01), (1_000, 0.05), (3_000, 0.1)]


@dataclass(frozen=True)
class Study:
    """Examples of which a share changes, foreseen so well; `members` scores of each example are asked one by one."""

    examples: int
    rate: float
    area: float
    shape: str = "alike"
    ties: bool = False
    clusters: bool = False
    members: int = 1

    def drawn(self, rng: np.random.Generator) -> tuple[Floats, Flags]:
        """Scores (members, examples), and what changes; in clusters six of ten examples of one that changes."""
        if self.clusters:
            changed = np.repeat(rng.random(self.examples // CLUSTER) < self.rate / TOGETHER, CLUSTER)
            flagged = changed & (rng.random(self.examples) < TOGETHER)
            noise = np.repeat(rng.normal(size=self.examples // CLUSTER), CLUSTER) + rng.normal(size=self.examples)
            noise /= np.sqrt(2)
        else:
            flagged, noise = rng.random(self.examples) < self.rate, rng.normal(size=self.examples)
        spread = SPREADS[self.shape]
        shift = ndtri(self.area) * np.hypot(1, spread)
        if self.shape == "a mixture":
            shift = np.where(rng.random(self.examples) < 1 / 3, 0, 1.5 * shift)
        score = np.where(flagged, spread * noise + shift, noise)
        scores = score + (rng.normal(0, 0.5, (self.members, self.examples)) if self.members > 1 else np.zeros((1, 1)))
        return (np.round(scores) if self.ties else scores), flagged

    def told(self) -> str:
        """What kind of study it is."""
        more = [f"changed ones {self.shape}", *(["many ties"] if self.ties else [])]
        more += ["clusters of ten"] if self.clusters else []
        more += [f"mean of {self.members} members"] if self.members > 1 else []
        return f"{self.examples:,} examples, {self.rate:.0%} change, area about {self.area:g}, {', '.join(more)}"


def measured(scores: Floats, flagged: Flags) -> tuple[Floats, Floats]:
    """The components of the mean area, and of the mean share in the highest tenth."""
    ranked = [Ranking(score) for score in scores]
    components = np.mean([ranking.components(flagged) for ranking in ranked], axis=0)
    return components, np.mean([ranking.highest(0.1) for ranking in ranked], axis=0)


def cell(study: Study, rng: np.random.Generator) -> Iterator[Rate]:
    """Coverage of both intervals, and of DeLong's."""
    large = replace(study, examples=LARGE)
    scores, flagged = large.drawn(rng)
    component, among = measured(scores, flagged)
    truth, caught = float(component[flagged].mean()), float(among[0][flagged].mean())
    cluster = np.arange(study.examples) // CLUSTER if study.clusters else None
    held, seen = np.zeros(3), 0
    for _ in range(STUDIES):
        scores, flagged = study.drawn(rng)
        if not flagged.any():
            continue
        seen += 1
        component, among = measured(scores, flagged)
        found, share = area(component, flagged, cluster), share_caught(among, flagged, cluster)
        margin = 1.96 * observed_variance(component, flagged) ** 0.5
        held += (
            found.low <= truth <= found.high,
            share.low <= caught <= share.high,
            abs(found.value - truth) <= margin,
        )
    rates, what = held / seen, study.told()
    yield Rate(f"95 % interval of the area: {what}", float(rates[0]), PROMISED, seen, "at least")
    yield Rate(f"95 % interval of the share in the riskiest tenth: {what}", float(rates[1]), PROMISED, seen, "at least")
    yield Rate(f"DeLong's interval of the area: {what}", float(rates[2]), None, seen)


def rows() -> Iterator[Rate]:
    """The cells, about three minutes of one core."""
    rng = np.random.default_rng(23)
    for examples, rate in SIZES:
        for value in (0.6, 0.8, 0.95):
            for shape in SPREADS:
                yield from cell(Study(examples, rate, value, shape), rng)
    for examples, rate in SIZES[2:]:
        for value in (0.8, 0.95):
            yield from cell(Study(examples, rate, value, ties=True), rng)
            yield from cell(Study(examples, rate, value, members=4), rng)
            for shape in ("alike", "wide"):
                yield from cell(Study(examples, rate, value, shape, clusters=True), rng)
