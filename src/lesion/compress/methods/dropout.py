"""Dropout as ephemeral sparsity: random hidden units are absent in each step of training, all are there afterwards.

Srivastava et al. 2014. The units that a layer reads are dropped on their way to it: whole channels of convolutions,
features of linear layers; the first layer reads the image, of which nothing is dropped. What is left is scaled by
1 / (1 − share), so that evaluation needs no scale. Shortcuts of residual networks go past. Members are plain networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    """`share`: the probability that a unit is absent."""

    share: float = Field(gt=0, lt=1)


class Training(Passive):
    """Drops units while the network trains. The arguments are those of `prune.Training`."""

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
        from torch.nn import functional

        from lesion.compress.runtime.pairs import in_order
        from lesion.compress.units import layers_with_units
        from lesion.errors import InputError

        def drop(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            dropped = functional.dropout2d if inputs[0].dim() == 4 else functional.dropout
            return dropped(inputs[0], options.share, layer.training), *inputs[1:]

        image, _ = next(iter(sample(1, seed)))
        layers = set(layers_with_units(model).values())
        names = in_order(model, image, tuple({type(layer) for layer in layers}))
        hidden = [layer for name in names if (layer := model.get_submodule(name)) in layers][1:]
        if not hidden:
            raise InputError("dropout: this network has no hidden units")
        self._handles = [layer.register_forward_pre_hook(drop) for layer in hidden]

    def finish(self) -> None:
        """Leave a plain network."""
        for handle in self._handles:
            handle.remove()
