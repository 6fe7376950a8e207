"""The contract of regrowths: they bring pruned weights back while the network trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.plugins import Named

    GroupSaliency = Callable[[Named | None], Mapping[str, Tensor]]
    """A score, or None for the variant's own -> the saliency of each group, float (rows, groups), by weight name."""


class Regrowth(Protocol):
    """Exchanges kept groups for pruned ones. The number of kept groups stays the same."""

    def updates(self, step: int) -> bool:
        """True if groups are exchanged before `step`, counted from 0 in each training."""

    def regrow(
        self, kept: Mapping[str, Tensor], step: int, saliency: GroupSaliency
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Exchange groups.

        Parameters
        ----------
        kept : bool (rows, groups) by weight name, True where a group is kept
        step : the step that comes next
        saliency : computes the saliency of all groups by a given score

        Returns
        -------
        Two masks in the form of `kept`: the groups to keep from now on, and those of them that start at zero.
        """
