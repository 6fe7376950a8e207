"""Power: how many members a study needs to find a change of recall, and what a finished study could not have found."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.noncentral_t import noncentrality_found
from lesion.audit.inference.pilot import estimated_spread
from lesion.audit.inference.power import MOST, Spread, least_members
from lesion.audit.inference.recall import takes_own_accuracy
from lesion.audit.statistics.impact import class_tests
from lesion.errors import InputError
from lesion.params.impact import Impact


def pilot_spread(dense: Population, *, classes: int, settings: Impact) -> Spread:
    """Estimate the spread between members from few dense ones; compressed ones are taken to vary as these do.

    A paired study must be planned with `comparison_spread`, for its spread is that of the change within a pair.

    Raises
    ------
    InputError
        Where there are fewer than two members, a class has no example, or all members are right on the same examples.
    """
    own = takes_own_accuracy(settings.normalise, paired=False)
    right = dense.correct.astype(np.int8)
    return estimated_spread([right], dense.known_label, classes, own_accuracy=own, paired=False)


def comparison_spread(comparison: Comparison, *, settings: Impact) -> Spread:
    """Estimate the spread from few dense members and few that are compressed as the study will compress them.

    Raises
    ------
    InputError
        As `pilot_spread`.
    """
    paired = comparison.paired
    own = takes_own_accuracy(settings.normalise, paired=paired)
    before, after = (one.correct.astype(np.int8) for one in (comparison.dense, comparison.compressed))
    classes = len(comparison.present)
    return estimated_spread([before, after], comparison.stratum, classes, own_accuracy=own, paired=paired)


def power_table(
    spread: Spread,
    *,
    changes: Sequence[float],
    examples: Sequence[int],
    recalls: Sequence[float],
    alpha: float = 0.05,
    power: float = 0.8,
) -> pd.DataFrame:
    """The members needed for each loss in classes of each size and recall.

    Columns: examples, recall (before the loss), change, spread (standard deviation between members, the mean of both
    populations, or of a pair's change), members (at alpha), members_fdr (at alpha / classes, the strictest that
    Benjamini–Hochberg asks of any class); both empty beyond 10,000.
    """
    axes = {"examples": examples, "recall": recalls, "change": changes}
    grid = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
    size, recall, change = (grid[name].to_numpy(dtype=float) for name in axes)
    variances = spread.variances(size, recall, change)
    for name, level in (("members", alpha), ("members_fdr", alpha / spread.classes)):
        needed = pd.Series(least_members(spread, change, size, recall, level, power), dtype="Int64")
        grid[name] = needed.mask(needed > MOST)
    grid.insert(3, "spread", np.sqrt(np.mean(variances, axis=0)))
    return grid


def detectable(comparison: Comparison, *, settings: Impact, power: float = 0.8) -> pd.DataFrame:
    """What a finished study could have found in each class, with the spread that was seen in it.

    Columns: class, name, examples, test (as `statistics.impact` has it), normalised_change (the one seen),
    standard_error and degrees_of_freedom of it, detectable (the least absolute change that is found with `power` at
    alpha), detectable_fdr (at alpha / classes, the strictest that Benjamini–Hochberg asks of any class: a safe bound).
    Above 1: nothing could have been found. NaN where no member differs from another, which leaves no spread to tell
    from.

    Raises
    ------
    InputError
        Where a population has fewer than two members, or the power is not above alpha and below 1.
    """
    for side, members in zip(SIDES, comparison.members, strict=True):
        if members < 2:
            raise InputError(f"a t-test needs two members at least, the {side} population has {members}")
    if not settings.alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {settings.alpha} and power {power}")
    classes = len(comparison.present)
    test, tested, change = class_tests(comparison, settings=settings)
    error = np.where(tested.standard_error > 1e-12, tested.standard_error, np.nan)  # 1e-12: a mean of equals may round
    return pd.DataFrame(
        {
            "class": comparison.called(comparison.present),
            "name": comparison.named(comparison.present),
            "examples": np.bincount(comparison.stratum, minlength=classes),
            "test": test,
            "normalised_change": change,
            "standard_error": error,
            "degrees_of_freedom": tested.degrees_of_freedom,
            "detectable": error * noncentrality_found(tested.degrees_of_freedom, settings.alpha, power),
            "detectable_fdr": error * noncentrality_found(tested.degrees_of_freedom, settings.alpha / classes, power),
        }
    )
