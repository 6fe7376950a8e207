"""What each limit of a budget limits, measured: the value, a bound on either side, and how many examples decide."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.gate.contract import Limit, Measure, Measured
from lesion.audit.inference.broken_share import broken_share
from lesion.audit.inference.calibration import calibration_error
from lesion.audit.inference.enough import enough
from lesion.audit.inference.mean_changes import spread
from lesion.audit.inference.net_loss import net_loss
from lesion.audit.inference.parts import Parts
from lesion.audit.statistics.flips import cluster_of
from lesion.errors import InputError
from lesion.params.ties import Ties

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]
Text = npt.NDArray[Any]

ALL, CLASS = "all", "class"
OTHERWISE = " (attribute)"  # what tables add to the name of an attribute that is called as one of these
TIES: Ties = "member"
RESAMPLES = 200  # of members, for the answers that populations give


class Bounded(Protocol):
    """A value of each part of the examples, with one-sided bounds."""

    @property
    def estimate(self) -> Floats:
        """The value in these examples: float64 (parts,)."""

    def of(self, rows: Integers, /) -> Self:
        """That of these parts, in this order."""

    def upper(self, examples: Floats, level: float, /) -> Floats:
        """The upper bound if so many examples show the same; it is too low with a chance of the level."""

    def lower(self, examples: Floats, level: float, /) -> Floats:
        """The lower bound of the same; it is too high with a chance of the level."""


def measure(comparison: Comparison, limits: Sequence[Limit], *, pass_level: float, fail_level: float) -> list[Measured]:
    """Measure what each limit limits, in order of the limits.

    A limit is kept for sure where `high` is at most as large, and broken for sure where `low` is larger. Of one pair of
    models the sampling unit is the example, or the cluster of examples; where a side has several members, bounds are
    about other members, too (`docs/STATISTICS.md`, "The gate").

    Parameters
    ----------
    pass_level : the chance that the true value is above `high`, at most; in (0, 0.5)
    fail_level : the chance that it is below `low`, at most; in (0, 0.5), however small

    Raises
    ------
    InputError
        Where labels or confidences that a limit needs are not known, or there is no such class, attribute or group.
    """
    found: dict[int, Measured] = {}
    for (of, attribute), places in _together(limits).items():
        chosen = [limits[place] for place in places]
        names, stratum = _strata(comparison, chosen[0])
        rows = _rows(names, chosen, attribute)
        value = _value(comparison, of, stratum, len(names)).of(rows)
        examples = np.bincount(stratum, minlength=len(names))[rows]
        found |= zip(places, _measured(value, examples, chosen, pass_level, fail_level), strict=True)
    return [found[place] for place in range(len(limits))]


def _together(limits: Sequence[Limit]) -> dict[tuple[Measure, str], list[int]]:
    """The places of the limits that are measured together."""
    places: dict[tuple[Measure, str], list[int]] = {}
    for place, limit in enumerate(limits):
        places.setdefault((limit.measure, limit.attribute), []).append(place)
    return places


def _strata(comparison: Comparison, limit: Limit) -> tuple[Text, Integers]:
    """The names of the parts that an attribute divides the examples into, and the part of each example."""
    attribute = limit.attribute
    if comparison.label is None:
        raise InputError(f"a limit on {limit.measure} needs labels, which are not known")
    if attribute == ALL:
        return np.array([ALL], dtype=object), np.zeros(len(comparison.example_id), dtype=np.int64)
    if attribute == CLASS:
        if comparison.graded:
            raise InputError(f"no class {limit.group}: of answers that are right or wrong there are no classes")
        return comparison.named(comparison.present), comparison.stratum
    name = attribute.removesuffix(OTHERWISE)
    if missing := [one for one in name.split(" & ") if one not in comparison.groups]:
        raise InputError(f"no attribute {missing[0]}{_nearest(missing[0], [ALL, CLASS, *comparison.groups])}")
    values = intersections(comparison.groups, [name.split(" & ")])[name]
    names, stratum = np.unique(values, return_inverse=True)
    return names, stratum


def _rows(names: Text, limits: Sequence[Limit], attribute: str) -> Integers:
    """The part that each limit is about."""
    place = {str(name): row for row, name in enumerate(names)}
    for limit in limits:
        if limit.group not in place:
            said = f"no example of {attribute} {limit.group}" if attribute != ALL else f"no group {limit.group} of all"
            raise InputError(f"{said}{_nearest(limit.group, list(place))}")
    return np.array([place[limit.group] for limit in limits], dtype=np.int64)


def _nearest(name: str, known: Sequence[str]) -> str:
    """What may have been meant: the nearest name, or the first few."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return (
        f", did you mean {near[0]}?" if near else f", there is {', '.join(known[:5])}{' …' if len(known) > 5 else ''}"
    )


def _value(comparison: Comparison, of: Measure, stratum: Integers, strata: int) -> Bounded:
    dense, compressed = comparison.dense, comparison.compressed
    cluster, paired = cluster_of(comparison), comparison.paired
    if of == "loss":
        return net_loss(dense.correct, compressed.correct, stratum, strata, paired=paired, cluster=cluster)
    if of == "broken":
        return broken_share(
            dense.prediction,
            compressed.prediction,
            dense.known_label,
            stratum,
            strata,
            classes=len(comparison.classes),
            ties=TIES,
            paired=paired,
            resamples=RESAMPLES,
            rng=comparison.generator("gate"),
            cluster=cluster,
        )
    if dense.confidence is None or compressed.confidence is None:
        raise InputError("a limit on ece needs the confidence of both models, which is not known")
    parts = Parts(stratum, strata, cluster)
    before, after = (
        calibration_error(confidence, side.correct, parts)
        for side, confidence in ((dense, dense.confidence), (compressed, compressed.confidence))
    )
    return spread(before, after, parts, paired=paired)


def _measured(
    value: Bounded, examples: Integers, limits: Sequence[Limit], pass_level: float, fail_level: float
) -> list[Measured]:
    estimate, at_most = value.estimate, np.array([limit.at_most for limit in limits])
    within = estimate < at_most

    def upper(many: Floats) -> Floats:
        return np.minimum(np.nan_to_num(value.upper(many, pass_level), nan=1.0), 1.0)

    def lower(many: Floats) -> Floats:
        return np.maximum(np.nan_to_num(value.lower(many, fail_level), nan=-1.0), -1.0)

    def decided(many: Floats) -> npt.NDArray[np.bool_]:
        return np.where(within, upper(many) <= at_most, lower(many) > at_most)

    needed = np.where(estimate == at_most, np.nan, enough(decided, len(limits)))
    needed = np.maximum(needed, [limit.least_examples for limit in limits])
    low, high = lower(examples.astype(np.float64)), upper(examples.astype(np.float64))
    return [
        Measured(float(at), float(below), float(above), int(count), None if np.isnan(many) else int(many))
        for at, below, above, count, many in zip(estimate, low, high, examples, needed, strict=True)
    ]
