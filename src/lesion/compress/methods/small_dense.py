"""Small dense: the same network with fewer channels in each layer, trained dense.

The other way to save as many weights as pruning does ("width multiplier"; Zhu & Gupta, arXiv 1710.01878, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.small import restorer as restorer
from lesion.compress.training import Passive
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import nn

    from lesion.compress.probe import Sampler

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """`width`: share of the channels of each layer, rounded to a whole number, that the network has; one at least."""

    width: float = Field(gt=0, lt=1)


class Training(Passive):
    """Makes the network narrow before it trains, and does nothing afterwards (`compress.training.Training`).

    Of each set of tied channels the first ones stay. An initial weight is scaled by √(inputs before / inputs after),
    so that its distribution is that of a network that was built narrow, where it is drawn by the number of inputs.
    """

    def __init__(
        self,
        model: nn.Module,
        options: Options,
        *,
        steps: int,  # noqa: ARG002
        sample: Sampler,
        examples: int,  # noqa: ARG002
        seed: int,
    ) -> None:
        import torch

        from lesion.compress.channels.find import find_channels
        from lesion.compress.channels.shrink import shrink
        from lesion.compress.masks import prunable

        image, _ = next(iter(sample(1, seed)))
        inputs = {name: layer.get_parameter(attribute)[0].numel() for name, layer, attribute in prunable(model)}
        shrink(
            model,
            [
                (channels, torch.arange(channels.size) < max(1, round(options.width * channels.size)))
                for channels in find_channels(model, image)
                if not channels.fixed
            ],
        )
        with torch.no_grad():
            for name, before in inputs.items():
                weight = model.get_parameter(name)
                weight.mul_((before / weight[0].numel()) ** 0.5)
