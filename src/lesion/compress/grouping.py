"""Groups of weights that are pruned together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Size, Tensor


@dataclass(frozen=True)
class Grouping:
    """How a weight tensor divides into rows of groups. Each row loses the same number of whole groups.

    Examples: single weights are one row of n groups of size 1; filters are one row, a group an output channel; 2:4
    sparsity is n / 4 rows of four groups of size 1.

    Attributes
    ----------
    shape : shape of the weight tensor
    cut : the same shape with some dimensions cut in two, for example (64, 32) as (16, 4, 8, 4)
    order : permutation of the dimensions of `cut`: those of rows first, then groups, then the weights of a group
    rows : number of rows
    groups : number of groups in each row
    """

    shape: Size
    cut: tuple[int, ...]
    order: tuple[int, ...]
    rows: int
    groups: int

    @classmethod
    def consecutive(cls, shape: Size, *, groups: int) -> Grouping:
        """One row of `groups` groups; each holds consecutive weights of the flattened tensor."""
        return cls(shape, tuple(shape), tuple(range(len(shape))), 1, groups)

    @property
    def size(self) -> int:
        """Number of weights in a group."""
        return math.prod(self.shape) // (self.rows * self.groups)

    def split(self, tensor: Tensor) -> Tensor:
        """Rearrange a tensor of shape `shape` to (rows, groups, size)."""
        return tensor.reshape(self.cut).permute(self.order).reshape(self.rows, self.groups, self.size)

    def join(self, grouped: Tensor) -> Tensor:
        """Invert `split`. A tensor (rows, groups, 1) gives all weights of a group the same value."""
        permuted = [self.cut[dimension] for dimension in self.order]
        back = [self.order.index(dimension) for dimension in range(len(self.order))]
        whole = grouped.expand(self.rows, self.groups, self.size)
        return whole.reshape(permuted).permute(back).reshape(self.shape)


@dataclass(frozen=True)
class Groups:
    """The groups of one weight tensor and their saliency, from which an allocation decides how many to prune.

    Attributes
    ----------
    shape : shape of the weight tensor
    saliency : float (rows, groups), mean over the weights of each group
    size : number of weights in a group
    """

    shape: Size
    saliency: Tensor
    size: int

    def pruned(self, share: float) -> int:
        """Number of groups to prune in each row: `share` of them, rounded. A row of several groups keeps one."""
        groups = self.saliency.shape[1]
        return min(round(share * groups), max(1, groups - 1))
