"""Exchange: at intervals drop the least salient groups and grow as many pruned ones, which start at zero.

Growth at random is SET (Mocanu et al., arXiv 1707.04780). Growth by the largest gradient is RigL (Evci et al., arXiv
1911.11134, section 3), whose share of exchanged weights decays as a half cosine (eq. 1).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion import plugins
from lesion.compress.periodic import Periodic, Times
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from lesion.compress.contracts import Score
    from lesion.compress.regrowth import GroupSaliency

STRAIGHT_THROUGH = False


class Options(Times):
    """Scores, shares and times of the exchange.

    `drop`, `grow`: the scores that choose what to drop and what to grow; the variant's own score chooses the initial
    masks. `fraction`: share of the kept groups to exchange at first. `decay`: how that share changes. `every`, `end`:
    interval and end, as shares of the training's steps.
    """

    drop: Named
    grow: Named
    fraction: float = Field(gt=0, lt=1)
    decay: Literal["constant", "cosine"]


def needs_pruned_gradients(options: Options) -> bool:
    """True if the growth score measures on images, like a gradient."""
    score: Score
    score, _ = plugins.component("score", options.grow, where="regrowth.grow")
    return "images" in score.Options.model_fields


class Regrowth(Periodic):
    """Exchanges round(share · kept) groups in each row of each tensor."""

    def __init__(self, options: Options, *, steps: int) -> None:
        self._options = options
        super().__init__(options, steps=steps)

    def share(self, step: int) -> float:
        """Share of the kept groups to exchange at step t: the constant f, or f / 2 · (1 + cos(π t / end))."""
        if self._options.decay == "constant":
            return self._options.fraction
        return self._options.fraction / 2 * (1 + math.cos(math.pi * step / self._end))

    def regrow(
        self, kept: Mapping[str, Tensor], step: int, saliency: GroupSaliency
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Groups to keep from now on, and the grown groups, which start at zero even if they were just dropped."""
        from lesion.compress.masks import keep_largest

        dropping, growing = saliency(self._options.drop), saliency(self._options.grow)
        after, grown = {}, {}
        for name in dropping:
            if name not in growing:  # the tensor keeps its masks
                continue
            was = kept[name]
            groups, count = was.shape[1], int(was[0].sum())
            exchanged = min(round(self.share(step) * count), groups - count)
            lowest = -float("inf")
            stay = keep_largest(dropping[name].masked_fill(~was, lowest), groups - count + exchanged)
            grown[name] = keep_largest(growing[name].masked_fill(stay, lowest), groups - exchanged) & ~stay
            after[name] = stay | grown[name]
        return after, grown
