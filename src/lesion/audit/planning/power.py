"""Power: how many members a study needs to find a change of recall, and what a finished study could not have found.

The recall of a class of n examples varies between members by sqrt(σ²_members + σ²_rest / n): models differ in how good
they are, and in which examples they get right. Both are learnt from a pilot, which so plans for classes of any size.
Where normalised recall is relative to the population's mean accuracy, as in the paper, members that are better in all
classes alike widen the spread but not the error of the change: the test then finds a little more than is said here.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.populations import Population, check_comparable, check_labels, is_paired
from lesion.audit.inference.effects import Cells, cells
from lesion.audit.inference.noncentral_t import noncentrality_found, t_test_power
from lesion.audit.inference.significance import t_test
from lesion.audit.statistics.impact import check_tested, normalised, recalls
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact

Floats = npt.NDArray[np.float64]

MOST = 10_000  # members; nobody trains more


@dataclass(frozen=True)
class Spread:
    """What a pilot says of the variance of normalised recall between members, or of its change between pairs.

    Attributes
    ----------
    members : σ²_members, of a class with endless examples
    rest : σ²_rest, of one example
    shared : 1 / (test examples) where each member's own accuracy is subtracted, whose noise is the recall's too; else 0
    paired : whether it is of changes between pairs
    classes : how many were pooled, and will be tested
    """

    members: float
    rest: float
    shared: float
    paired: bool
    classes: int

    def of_recall(self, examples: npt.NDArray[np.number]) -> Floats:
        """Standard deviation between members of the recall of classes of `examples`: float64, of its shape."""
        return np.asarray(np.sqrt(self.members + self.rest * np.maximum(1 / examples - self.shared, 0)))


def _parts(table: Cells, *, own_accuracy: bool) -> tuple[float, float]:
    """σ²_members and σ²_rest, pooled over the classes with two examples or more."""
    size, total = table.size, table.size.sum()
    several = size > 1
    if not several.any():
        raise InputError("pilot: a class with two examples at least is needed to tell the spread")
    rest = np.where(several, table.rest, 0.0)
    row, noise = table.row, rest / size
    if own_accuracy:
        row = row - (row @ size / total)[:, None]
        noise = rest * (1 / size - 2 / total) + rest @ size / total**2
    members = (row.var(axis=0, ddof=1) - noise)[several].mean()
    return max(float(members), 0.0), float(rest @ (size - 1) / (size - 1).sum())


def pilot_spread(
    dense: Population,
    compressed: Population | None = None,
    *,
    classes: int,
    settings: Impact,
    design: Design = "auto",
) -> Spread:
    """Estimate the spread between members from a pilot of few.

    Parameters
    ----------
    dense : two members or more
    compressed : members compressed as the study will compress them; without them they are taken to vary as the dense
        ones do. A paired study must be planned with them, for its spread is that of the change within a pair.

    Raises
    ------
    InputError
        Where a population has fewer than two members, a paired design has only one population, a class has no example,
        or all members are right on the same examples, which tells nothing of the spread.
    """
    pilot = [dense] if compressed is None else [dense, compressed]
    if min(len(population.member) for population in pilot) < 2:
        raise InputError("pilot: two members at least are needed to tell the spread between members")
    if compressed is None and design == "paired":
        raise InputError("pilot: a paired design needs compressed members too, the spread is that of a pair's change")
    for population in pilot:
        check_comparable(dense, population)
        check_labels(population, classes)
    paired = compressed is not None and is_paired(dense, compressed, design)
    right = [population.correct.astype(np.int8) for population in pilot]
    samples = [right[1] - right[0]] if paired else right
    own_accuracy = paired or settings.normalise == "member"  # as `normalised` has it
    parts = [_parts(cells(sample, dense.known_label, classes), own_accuracy=own_accuracy) for sample in samples]
    members, rest = np.mean(parts, axis=0)
    if members + rest < 1e-12:  # sums of shares round
        raise InputError("pilot: its members do not differ in what they get right, which tells nothing of the spread")
    shared = 1 / len(dense.example_id) if own_accuracy else 0.0
    return Spread(float(members), float(rest), shared, paired, classes)


def _least_members(
    spread: Spread, change: Floats, examples: Floats, alpha: float, power: float
) -> npt.NDArray[np.int64]:
    """The members each population needs, for (k,) changes in classes of (k,) examples; MOST + 1 where beyond."""
    if not 0 < alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {alpha} and power {power}")
    if not ((change > 0) & (change <= 1)).all():
        raise InputError("power: a change of recall to be found must lie in (0, 1]")
    if not (examples >= 1).all():
        raise InputError("power: a class has one example at least")
    deviation = spread.of_recall(examples)
    low, high = np.full(change.shape, 1), np.full(change.shape, MOST + 1)  # too few, enough
    for _ in range(int(np.log2(MOST)) + 1):
        members = np.maximum((low + high) // 2, 2)
        error = np.maximum(deviation * np.sqrt((1 if spread.paired else 2) / members), 1e-12)  # 0: any change is found
        freedom = (members - 1.0) * (1 if spread.paired else 2)
        enough = t_test_power(change / error, freedom, alpha) >= power
        low, high = np.where(enough, low, members), np.where(enough, members, high)
    return np.asarray(high)


def members_needed(
    spread: Spread, *, change: float, examples: int, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many members each population needs to find a change of normalised recall.

    Parameters
    ----------
    change : absolute, a fraction in (0, 1]
    examples : how many test examples the class has
    alpha : of the two-sided test
    power : the chance to find it

    Returns
    -------
    int, 2 or more; None where 10,000 members do not suffice
    """
    found = int(_least_members(spread, np.array([change]), np.array([float(examples)]), alpha, power)[0])
    return found if found <= MOST else None


def power_table(
    spread: Spread, *, changes: list[float], examples: list[int], alpha: float = 0.05, power: float = 0.8
) -> pd.DataFrame:
    """The members needed for each change in classes of each size.

    Columns: examples, change, spread (standard deviation between members, or of a pair's change), members (at alpha),
    members_fdr (at alpha / classes, the strictest that Benjamini–Hochberg asks of any class); both empty beyond 10,000.
    """
    grid = pd.MultiIndex.from_product([examples, changes], names=["examples", "change"]).to_frame(index=False)
    size, change = grid["examples"].to_numpy(dtype=float), grid["change"].to_numpy(dtype=float)
    for name, level in (("members", alpha), ("members_fdr", alpha / spread.classes)):
        needed = pd.Series(_least_members(spread, change, size, level, power), dtype="Int64")
        grid[name] = needed.mask(needed > MOST)
    grid.insert(2, "spread", spread.of_recall(size))
    return grid


def _standard_error(after: Floats, before: Floats, *, paired: bool) -> Floats:
    samples = [after - before] if paired else [after, before]
    return np.asarray(np.sqrt(np.sum([sample.var(axis=0, ddof=1) / len(sample) for sample in samples], axis=0)))


def detectable(
    dense: Population,
    compressed: Population,
    *,
    classes: int,
    settings: Impact,
    design: Design = "auto",
    power: float = 0.8,
) -> pd.DataFrame:
    """What a finished study could have found in each class, with the spread that was seen in it.

    Columns: class, examples, test (welch or paired), normalised_change (the one seen), standard_error and
    degrees_of_freedom of it, detectable (the least absolute change that is found with `power` at alpha), detectable_fdr
    (at alpha / classes, the strictest that Benjamini–Hochberg asks of any class: a safe bound). Above 1: nothing could
    have been found. NaN where no member differs from another, which leaves no spread to tell from.

    Raises
    ------
    InputError
        Where a population has fewer than two members, the populations differ in examples, or a class has none.
    """
    check_tested(dense, compressed, classes)
    if not settings.alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {settings.alpha} and power {power}")
    paired, label = is_paired(dense, compressed, design), dense.known_label
    before, after = (
        normalised(recalls(right, label, classes), right.mean(axis=1), settings.normalise, paired=paired)
        for right in (dense.correct, compressed.correct)
    )
    tested = t_test(after, before, paired=paired)
    error = _standard_error(after, before, paired=paired)
    error = np.where(error > 1e-12, error, np.nan)  # 1e-12: a mean of equals may round
    return pd.DataFrame(
        {
            "class": np.arange(classes),
            "examples": np.bincount(label, minlength=classes),
            "test": "paired" if paired else "welch",
            "normalised_change": after.mean(axis=0) - before.mean(axis=0),
            "standard_error": error,
            "degrees_of_freedom": tested.degrees_of_freedom,
            "detectable": error * noncentrality_found(tested.degrees_of_freedom, settings.alpha, power),
            "detectable_fdr": error * noncentrality_found(tested.degrees_of_freedom, settings.alpha / classes, power),
        }
    )
