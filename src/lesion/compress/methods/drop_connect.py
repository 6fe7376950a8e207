"""DropConnect as ephemeral sparsity: random weights are absent in each step of training, all are there afterwards.

Wan et al. 2013. Weights of convolutions, linear layers and attention are dropped; those that are left are scaled by
1 / (1 − share), so that evaluation needs no scale. A mask is drawn for each micro-batch, where the paper draws one for
each image, and evaluation takes the mean weights, where the paper samples from a normal distribution with the moments
of a unit's input. Members are plain networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.plain import restorer as restorer
from lesion.compress.training import Passive
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import nn

    from lesion.compress.probe import Sampler

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """`share`: the probability that a weight is absent."""

    share: float = Field(gt=0, lt=1)


class Training(Passive):
    """Drops weights while the network trains. The arguments are those of `prune.Training`."""

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
        from torch.nn.utils import parametrize

        from lesion.compress.computed import stay_dense
        from lesion.compress.masks import prunable
        from lesion.compress.runtime.dropping import Dropped

        image, _ = next(iter(sample(1, seed)))
        dense = stay_dense(model, image)
        self._layers = [(layer, attribute) for name, layer, attribute in prunable(model) if name not in dense]
        for layer, attribute in self._layers:
            parametrize.register_parametrization(layer, attribute, Dropped(options.share))

    def finish(self) -> None:
        """Leave a plain network with all its weights."""
        from torch.nn.utils import parametrize

        for layer, attribute in self._layers:
            parametrize.remove_parametrizations(layer, attribute, leave_parametrized=False)
