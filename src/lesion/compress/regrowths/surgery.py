"""Surgery: pruned weights keep training, and come back when their saliency exceeds that of a kept one.

Dynamic network surgery (Guo et al., arXiv 1608.04493). The paper has two thresholds, 0.9 t to prune and 1.1 t to bring
back (eq. 3). Here kept weights get a lead instead, a factor of 1.1 / 0.9, and the sparsity determines t.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.periodic import Periodic, Times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from lesion.compress.regrowth import GroupSaliency

STRAIGHT_THROUGH = True


class Options(Times):
    """`lead`: factor on the saliency of kept groups. `every`, `end`: as shares of the training's steps."""

    lead: float = Field(ge=1)


def needs_pruned_gradients(options: Options) -> bool:  # noqa: ARG001
    """Always: pruned groups keep training."""
    return True


class Regrowth(Periodic):
    """Keeps the most salient groups, as many as before; those that are kept already have a lead."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._lead = options.lead
        super().__init__(options, steps=steps)

    def regrow(
        self,
        kept: Mapping[str, Tensor],
        step: int,  # noqa: ARG002
        saliency: GroupSaliency,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Groups to keep from now on; none of them starts at zero, since all have kept training."""
        import torch

        from lesion.compress.masks import keep_largest

        after = {}
        for name, groups in saliency(None).items():  # the other tensors stay dense
            was = kept[name]
            ahead = groups + torch.where(was, (self._lead - 1) * groups.abs(), 0)
            after[name] = keep_largest(ahead, was.shape[1] - int(was[0].sum()))
        return after, {name: torch.zeros_like(kept[name]) for name in after}
