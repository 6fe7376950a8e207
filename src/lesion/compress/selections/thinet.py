"""ThiNet: channels without which the outputs change most (Luo et al., arXiv 1707.06342, algorithm 1).

Greedy: the next channel to remove is the one that adds least to Σ_i (Σ_{c removed} z_ic)², where z_ic is what channel c
contributes to output value i. The sums are over all outputs of each sampled position; the authors sample one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.reconstruction.problem import Problem


class Options(Settings):
    """No settings."""


def select(problem: Problem, count: int, options: Options) -> Tensor:  # noqa: ARG001
    """The `count` channels that are never removed: bool (c,). Of equal channels the first is removed first."""
    import torch

    gram, _ = problem.contributions(centred=False)
    kept = torch.ones(len(gram), dtype=torch.bool)
    added = gram.diagonal().clone()  # what each channel would add
    for _ in range(len(gram) - count):
        chosen = int(added.masked_fill(~kept, float("inf")).argmin())
        kept[chosen] = False
        added += 2 * gram[chosen]
    return kept
