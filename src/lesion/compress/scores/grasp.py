"""GraSP: weights matter if removing them shortens the gradient of the loss (Wang et al., arXiv 2002.07376).

The paper's code measures in training mode, as method `prune` does without a `mode`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Batch, Probe


class Options(Settings):
    """Number of images, the divisor of the logits (200 in the paper's code), and the mode of the network.

    `mode`: null for training if the network trains afterwards (method `prune`), else evaluation (`prune-trained`).
    """

    images: int = Field(ge=1)
    temperature: float = Field(gt=0)
    mode: Literal["training", "evaluation"] | None = None


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Hg: Hessian of the mean loss times its gradient (algorithm 2).

    The images run through the network twice, a batch at a time: for g, then for the product.
    """
    from torch.nn import functional

    from lesion.compress.measurements.gradient import mean_gradient, trains
    from lesion.compress.measurements.hessian import hessian_vector_product

    def loss(batch: Batch) -> Tensor:
        inputs, label = batch
        return functional.cross_entropy(probe.model(inputs) / options.temperature, label)

    training = trains(probe, options.mode)
    gradient = mean_gradient(probe, loss, options.images, training=training)
    return {"hessian_gradient": hessian_vector_product(probe, loss, gradient, options.images, training=training)}


def score(weight: Tensor, *, hessian_gradient: Tensor) -> Tensor:
    """w·Hg: half the decrease of gᵀg, to first order, if the weight is removed. Any shape, same shape back.

    The paper's score has the opposite sign (eq. 8) and prunes the largest (algorithm 1). Negative values are common:
    those weights reduce the gradient and are pruned first.
    """
    return weight * hessian_gradient
