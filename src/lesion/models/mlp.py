"""A multilayer perceptron for rows of features: linear layers with a rectifier between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.network import Network

if TYPE_CHECKING:
    from torch import nn

    from lesion.data.inputs import Kind

TAKES: Kind = "features"


class Options(Network):
    """Outputs of each layer but the last."""

    widths: list[int] = Field(min_length=1)


def build(options: Options, *, features: int, classes: int) -> nn.Module:
    """A network from (n, features) to logits (n, classes)."""
    from torch import nn

    layers: list[nn.Module] = []
    for inputs, outputs in zip([features, *options.widths], options.widths, strict=False):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(options.widths[-1], classes))
