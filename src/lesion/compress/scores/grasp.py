"""GraSP: weights matter without which the gradient of the loss would be shorter (Wang et al., arXiv 2002.07376)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Batch, Probe


class Options(Settings):
    """Over how many images, and what divides the logits: the paper's code has 200."""

    images: int = Field(ge=1)
    temperature: float = Field(gt=0)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Hg: the Hessian of the mean loss, as training sees it, times its gradient (algorithm 2).

    The images go through twice, a batch at a time: for g, then for the product with it.
    """
    from torch.nn import functional

    from lesion.compress.statistics.gradient import mean_gradient
    from lesion.compress.statistics.hessian import hessian_vector_product

    def loss(batch: Batch) -> Tensor:
        inputs, label = batch
        return functional.cross_entropy(probe.model(inputs) / options.temperature, label)

    gradient = mean_gradient(probe, loss, options.images, training=True)
    return {"hessian_gradient": hessian_vector_product(probe, loss, gradient, options.images, training=True)}


def score(weight: Tensor, *, hessian_gradient: Tensor) -> Tensor:
    """w·Hg: half of what gᵀg loses, to first order, without the weight. Any shape, same shape back.

    The negative of the paper's score (eq. 8), for it prunes the largest (algorithm 1). Often negative, and not a
    magnitude: weights that hinder the gradient go first.
    """
    return weight * hessian_gradient
