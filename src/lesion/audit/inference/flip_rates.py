"""How many answers change, and which way: counts, rates and intervals over examples, for the rows of a table."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.clusters import design_effect
from lesion.audit.inference.pairs import TAIL, paired_change, wilson

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Flips:
    """The answers that change.

    Attributes
    ----------
    example : int (flips,), the examples whose answer changes, ascending
    way : int (flips,): 1, from wrong to right; −1, from right to wrong; 0, from one wrong answer to another
    """

    example: Integers
    way: Integers

    def chosen(self, name: str) -> npt.NDArray[np.bool_]:
        """Those that are `changed` (all), `broken`, `fixed` or `moved`: bool (flips,)."""
        ways = {"changed": (-1, 0, 1), "broken": (-1,), "fixed": (1,), "moved": (0,)}
        return np.isin(self.way, ways[name])


@dataclass(frozen=True)
class Rows:
    """What the rows of a table are about.

    Attributes
    ----------
    stratum : int (examples,), each in [0, strata); each stratum has an example
    of : int (rows,), the stratum whose examples a row is about
    row : int (flips,), the row in which each flip is counted
    cluster : int (examples,), examples that belong together; None: each stands alone
    """

    stratum: Integers
    of: Integers
    row: Integers
    cluster: Integers | None

    @property
    def examples(self) -> Integers:
        """How many examples each row is about: int (rows,)."""
        return np.asarray(np.bincount(self.stratum)[self.of])

    def count(self, chosen: npt.NDArray[np.bool_]) -> Integers:
        """How many of the chosen flips each row counts: int (rows,)."""
        return np.bincount(self.row[chosen], minlength=len(self.of))

    def worth(self, flips: Flips, value: Integers, level: float = TAIL) -> Floats:
        """How many examples that stand alone those of each row are worth, for a value of each flip: float64 (rows,).

        Parameters
        ----------
        level : of the bound that they serve
        """
        examples = self.examples.astype(np.float64)
        if self.cluster is None:
            return examples
        there = value != 0
        known = {"of": self.of, "stratum": self.stratum, "cluster": self.cluster}
        return design_effect(value[there], self.row[there], flips.example[there], **known).worth(examples, level)


def counts_and_rates(flips: Flips, rows: Rows, names: tuple[str, ...]) -> dict[str, npt.NDArray[np.number]]:
    """Of each kind of flip the count, the rate <name>_rate and its 95 % interval <name>_low and _high: each (rows,).

    Parameters
    ----------
    names : of changed, broken, fixed, moved
    """
    found: dict[str, npt.NDArray[np.number]] = {}
    for name in names:
        chosen = flips.chosen(name)
        count, worth = rows.count(chosen), rows.worth(flips, chosen.astype(np.int64))
        rate = count / rows.examples
        low, high = wilson(rate * worth, worth)
        found |= {name: count, f"{name}_rate": rate, f"{name}_low": low, f"{name}_high": high}
    return found


def net_change(flips: Flips, rows: Rows, *, tail: float = TAIL) -> dict[str, Floats]:
    """(fixed − broken) / examples and its interval, as change, change_low and change_high: each (rows,).

    Parameters
    ----------
    tail : the probability that the truth lies above the interval, and that it lies below; of 95 % without
    """
    worth = rows.worth(flips, flips.way, tail)
    broken, fixed = (rows.count(flips.chosen(name)) / rows.examples for name in ("broken", "fixed"))
    low, high = paired_change(broken * worth, fixed * worth, worth, tail=tail)
    return {"change": fixed - broken, "change_low": low, "change_high": high}
