"""What is to be foreseen: answers that change, and right ones that break."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.foresight import Ranking

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]

CHANGED, BROKEN = "changed", "broken"
ALL, RIGHT = "all", "right"


@dataclass(frozen=True)
class Target:
    """An event, and the examples that it is asked of.

    Attributes
    ----------
    name : `changed`, another answer; `broken`, right before and wrong after
    among : `all` examples, or those whose answer is `right` before
    asked : bool (examples,)
    true : bool (examples,), of these
    """

    name: str
    among: str
    asked: Flags
    true: Flags


def targets(before: Labels, after: Labels, label: Labels | None) -> list[Target]:
    """All targets, of which only the first is known without labels.

    Parameters
    ----------
    before, after, label : int (examples,); of several members their modal labels
    """
    changed, every = np.asarray(before != after), np.ones(len(before), dtype=bool)
    found = [Target(CHANGED, ALL, every, changed)]
    if label is not None:
        right = np.asarray(before == label)
        found += [Target(BROKEN, ALL, every, changed & right), Target(BROKEN, RIGHT, right, changed & right)]
    return found


def rankings(score: Floats, events: Sequence[Target]) -> list[Ranking]:
    """The order by a score, float64 (examples,), of the examples that each target is asked of."""
    known = {target.among: target.asked for target in events}
    found = {among: Ranking(score[asked]) for among, asked in known.items()}
    return [found[target.among] for target in events]
