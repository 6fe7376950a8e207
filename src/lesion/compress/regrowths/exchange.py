"""Exchange: from time to time the least salient weights are dropped and as many others grown, which start at zero.

Grown at random it is SET (Mocanu et al., arXiv 1707.04780); by the largest gradient it is RigL (Evci et al., arXiv
1911.11134, section 3), whose share decays as a half cosine (eq. 1).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion import plugins
from lesion.compress.periodic import Periodic, Times
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

STRAIGHT_THROUGH = False


class Options(Times):
    """By which score is dropped and by which grown; which share of the kept at first, and how that goes on; when.

    The variant's own score chooses the masks of the beginning. `every` and `end` are shares of the training's steps.
    """

    drop: Named
    grow: Named
    fraction: float = Field(gt=0, lt=1)
    decay: Literal["constant", "cosine"]


def asks_pruned(options: Options) -> bool:
    """Where they grow by what is measured on images, like a gradient."""
    return "images" in plugins.component("score", options.grow, where="regrowth.grow")[0].Options.model_fields


class Regrowth(Periodic):
    """Exchanges in each tensor, row by row, round(share · kept) groups."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._options = options
        super().__init__(options, steps=steps)

    def share(self, step: int) -> float:
        """Of the kept groups, how many are exchanged: constant, or f / 2 · (1 + cos(π t / end))."""
        if self._options.decay == "constant":
            return self._options.fraction
        return self._options.fraction / 2 * (1 + math.cos(math.pi * step / self._end))

    def regrow(
        self, kept: Mapping[str, Tensor], step: int, scored: Callable[[Named | None], Mapping[str, Tensor]]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Groups that are kept from now on, and those of them that start at zero, dropped just now or not."""
        from lesion.compress.masks import keep_largest

        saliency, growth = scored(self._options.drop), scored(self._options.grow)
        after, grown = {}, {}
        for name in saliency:
            if name not in growth:  # as dense, or as sparse, as it is
                continue
            was = kept[name]
            groups, count = was.shape[1], int(was[0].sum())
            exchanged = min(round(self.share(step) * count), groups - count)
            lowest = -float("inf")
            stay = keep_largest(saliency[name].masked_fill(~was, lowest), groups - count + exchanged)
            grown[name] = keep_largest(growth[name].masked_fill(stay, lowest), groups - exchanged) & ~stay
            after[name] = stay | grown[name]
        return after, grown
