"""Counts of answers that change from one network to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Changed:
    """The answers that change, of one network or of several together.

    Attributes
    ----------
    broken : right before, wrong after
    fixed : wrong before, right after
    moved : wrong before and after, another class
    net_by_class : fixed − broken among the images of each class, int64 (classes,)
    """

    broken: int
    fixed: int
    moved: int
    net_by_class: Classes

    def __add__(self, other: Changed) -> Changed:
        return Changed(
            self.broken + other.broken,
            self.fixed + other.fixed,
            self.moved + other.moved,
            self.net_by_class + other.net_by_class,
        )

    @property
    def worst_class(self) -> int | None:
        """The class that loses most right answers on balance, of equal ones the first; None if none does."""
        worst = int(self.net_by_class.argmin())
        return worst if self.net_by_class[worst] < 0 else None


def changed(label: Classes, before: Classes, after: Classes, classes: int) -> Changed:
    """What changes between two predictions (n,) of images with these labels (n,)."""
    was, now = before == label, after == label
    net = np.bincount(label[now & ~was], minlength=classes) - np.bincount(label[was & ~now], minlength=classes)
    return Changed(
        broken=int((was & ~now).sum()),
        fixed=int((now & ~was).sum()),
        moved=int((~was & ~now & (before != after)).sum()),
        net_by_class=net,
    )
