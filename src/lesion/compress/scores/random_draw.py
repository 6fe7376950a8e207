"""Random draw: which weights are pruned is left to chance, the control of every other score.

As a growth score it is that of SET (Mocanu et al., arXiv 1707.04780).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """None."""


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:  # noqa: ARG001
    """A number for each weight, uniform in [0, 1), by the seed and the step; drawn on the CPU."""
    import torch

    generator = probe.generator("score")
    weights = probe.network.weights()
    return {
        "draw": {name: torch.rand(weight.shape, generator=generator).to(weight) for name, weight in weights.items()}
    }


def score(weight: Tensor, *, draw: Tensor) -> Tensor:  # noqa: ARG001
    """The number that was drawn."""
    return draw
