"""Random draw: weights are pruned at random, as a control for the other scores.

As a growth score it is SET's (Mocanu et al., arXiv 1707.04780).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """No settings."""


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:  # noqa: ARG001
    """A uniform number in [0, 1) for each weight, drawn on the CPU; it depends on the seed and the step."""
    import torch

    generator = probe.generator("score")
    weights = probe.network.weights()
    return {
        "draw": {name: torch.rand(weight.shape, generator=generator).to(weight) for name, weight in weights.items()}
    }


def score(weight: Tensor, *, draw: Tensor) -> Tensor:  # noqa: ARG001
    """The drawn number."""
    return draw
