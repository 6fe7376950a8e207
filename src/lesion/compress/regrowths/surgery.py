"""Surgery: pruned weights go on learning, and are spliced back when they have outgrown one that is kept.

Dynamic network surgery (Guo et al., arXiv 1608.04493). Its two thresholds, 0.9 t to prune and 1.1 t to splice (eq. 3),
are here a lead of 1.1 / 0.9 for the kept ones, and t what leaves the sparsity that was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.periodic import Periodic, Times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from lesion.plugins import Named

STRAIGHT_THROUGH = True


class Options(Times):
    """The lead, as a factor on the saliency of what is kept; when, as shares of the training's steps."""

    lead: float = Field(ge=1)


def asks_pruned(options: Options) -> bool:  # noqa: ARG001
    """They go on learning."""
    return True


class Regrowth(Periodic):
    """Keeps as many as before, the largest, those with a lead that are kept already."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._lead = options.lead
        super().__init__(options, steps=steps)

    def regrow(
        self,
        kept: Mapping[str, Tensor],
        step: int,  # noqa: ARG002
        scored: Callable[[Named | None], Mapping[str, Tensor]],
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Groups that are kept from now on; none starts at zero, for they have learnt meanwhile."""
        import torch

        from lesion.compress.masks import keep_largest

        saliency, after = scored(None), {}
        for name, groups in saliency.items():  # tensors without one are dense
            was = kept[name]
            ahead = groups + torch.where(was, (self._lead - 1) * groups.abs(), 0)
            after[name] = keep_largest(ahead, was.shape[1] - int(was[0].sum()))
        return after, {name: torch.zeros_like(kept[name]) for name in after}
