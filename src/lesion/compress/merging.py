"""Units that leave a layer and are taken over by those that stay: what a rule of merging sees and what it says.

A rule sees one layer at a time, its units with the weights that compute and that read them, all in float64. It says of
each unit that leaves how its activation follows from those of units that stay: a_j ≈ Σ_i onto[j, i] a_i + constant[j].
What reads the layer reads that instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Norm:
    """A batch norm in evaluation mode, scale · (x − mean) / deviation + shift, each float64 (n,).

    The bias of the layer before it, if any, is taken off `mean`.
    """

    scale: Tensor
    shift: Tensor
    mean: Tensor
    deviation: Tensor


@dataclass(frozen=True)
class Moments:
    """The activations of the n units of a layer over images and positions, as what reads them gets them.

    Attributes
    ----------
    mean : float64 (n,)
    products : mean of a_i · a_j, float64 (n, n)
    """

    mean: Tensor
    products: Tensor

    def covariance(self) -> Tensor:
        """Mean of (a_i − mean_i) · (a_j − mean_j), float64 (n, n)."""
        return self.products - self.mean[:, None] * self.mean


@dataclass(frozen=True)
class Layer:
    """The n units of one layer.

    Attributes
    ----------
    weight : the weights that compute each unit, float64 (n, inputs)
    bias : added to them, float64 (n,); zeros if there is a norm
    norm : the batch norm that follows, if any
    reading : the weights that read each unit, of all layers that do, float64 (n, weights)
    takes_constants : True if all that reads the layer can add a constant in place of a unit, exactly
    measure : number of images -> the moments of the activations
    """

    weight: Tensor
    bias: Tensor
    norm: Norm | None
    reading: Tensor
    takes_constants: bool
    measure: Callable[[int], Moments]

    def __len__(self) -> int:
        """The number of units."""
        return len(self.weight)

    def augmented(self) -> Tensor:
        """What computes each unit, up to its activation function: weights and bias, float64 (n, inputs + 1).

        A batch norm is folded into them.
        """
        weight, bias = self.weight, self.bias
        if self.norm is not None:
            factor = self.norm.scale / self.norm.deviation
            weight, bias = weight * factor[:, None], self.norm.shift - self.norm.mean * factor
        return torch.cat([weight, bias[:, None]], dim=1)

    def subset(self, rows: Tensor) -> "Layer":
        """The layer with these units alone: int64 (m,)."""

        def measure(images: int) -> Moments:
            found = self.measure(images)
            return Moments(found.mean[rows], found.products[rows][:, rows])

        norm = self.norm and Norm(*(getattr(self.norm, name)[rows] for name in self.norm.__dataclass_fields__))
        return replace(
            self, weight=self.weight[rows], bias=self.bias[rows], norm=norm, reading=self.reading[rows], measure=measure
        )


@dataclass(frozen=True)
class Merge:
    """Which units stay, and what becomes of the others.

    Attributes
    ----------
    kept : bool (n,)
    onto : each activation in terms of those of the units that stay, float64 (n, n): rows of `kept` are those of the
        identity, columns of the others are zero
    constant : what is added to it, float64 (n,)
    """

    kept: Tensor
    onto: Tensor
    constant: Tensor

    @classmethod
    def of(cls, kept: Tensor) -> "Merge":
        """The units that are not `kept`, bool (n,), leave, and nothing takes them over."""
        return cls(kept, torch.diag(kept.double()), torch.zeros(len(kept), dtype=torch.float64))


def merge_layer(layer: Layer, leaving: int, rule: Callable[[Layer, int], Merge]) -> Merge:
    """What `rule` says of a layer that `leaving` units leave. Units that compute nothing leave first.

    Such units have no weights and add nothing: they left the network before.
    """
    dead = (layer.augmented() == 0).all(dim=1)
    live = (~dead).nonzero().flatten()
    rest = leaving - int(dead.sum())
    if rest <= 0:
        return Merge.of(~dead)
    found = rule(layer.subset(live), rest)
    merge = Merge.of(~dead)
    merge.kept[live], merge.constant[live] = found.kept, found.constant
    merge.onto[live[:, None], live] = found.onto
    return merge
