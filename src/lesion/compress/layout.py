"""Which weights of a tensor are kept or pruned together, and among which groups is chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Size, Tensor


@dataclass(frozen=True)
class Layout:
    """A weight tensor seen as (rows, groups, members): in each row the same number of groups is pruned, whole.

    Single weights are one row of n groups of one; filters one row of as many groups; 2:4 is n / 4 rows of four groups.

    Attributes
    ----------
    shape : of the tensor
    cut : the same dimensions, some of them in two: (64, 32) as (16, 4, 8, 4)
    order : those dimensions in the order rows, groups, members
    rows, groups : how many
    """

    shape: Size
    cut: tuple[int, ...]
    order: tuple[int, ...]
    rows: int
    groups: int

    @classmethod
    def plain(cls, shape: Size, *, rows: int = 1, groups: int) -> Layout:
        """Rows, groups and members that lie in memory one after the other."""
        return cls(shape, tuple(shape), tuple(range(len(shape))), rows, groups)

    @property
    def members(self) -> int:
        """Weights of a group."""
        return math.prod(self.shape) // (self.rows * self.groups)

    def split(self, tensor: Tensor) -> Tensor:
        """A tensor of the shape -> (rows, groups, members)."""
        return tensor.reshape(self.cut).permute(self.order).reshape(self.rows, self.groups, self.members)

    def join(self, grouped: Tensor) -> Tensor:
        """The inverse; what is (rows, groups, 1) counts for all members of a group."""
        permuted = [self.cut[dimension] for dimension in self.order]
        back = [self.order.index(dimension) for dimension in range(len(self.order))]
        whole = grouped.expand(self.rows, self.groups, self.members)
        return whole.reshape(permuted).permute(back).reshape(self.shape)


@dataclass(frozen=True)
class Candidates:
    """The groups of one weight tensor among which is chosen what to prune.

    Attributes
    ----------
    shape : of the weight tensor
    saliency : float (rows, groups), the mean over the weights of each group
    members : weights of a group
    """

    shape: Size
    saliency: Tensor
    members: int

    def pruned(self, share: float) -> int:
        """How many groups of each row are `share` of them, to the nearest; of several the best is never pruned."""
        groups = self.saliency.shape[1]
        return min(round(share * groups), max(1, groups - 1))
