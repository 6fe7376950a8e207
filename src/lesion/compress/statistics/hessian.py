"""Exact products of the Hessian of the loss with vectors, and its diagonal from them."""

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from lesion.compress.probe import Batch, Probe
from lesion.compress.statistics.gradient import Loss, gradients, mean_over_images

Vector = Mapping[str, Tensor]
"""A vector in the space of all prunable weights: a tensor of the shape of each."""


def hessian_vector_product(
    probe: Probe, loss: Loss, vector: Vector, images: int, *, training: bool
) -> dict[str, Tensor]:
    """Hv: H of the mean loss over images, by differentiating twice (Pearlmutter 1994); of the shape of each weight.

    Looks at the very images, and with the very dropout, of any other statistic of this probe at this step.
    """
    parameters = probe.network.parameters()

    def of_batch(batch: Batch) -> dict[str, Tensor]:
        slopes = gradients(loss(batch), parameters, create_graph=True)
        along = torch.stack([(slopes[name] * direction).sum() for name, direction in vector.items()]).sum()
        return gradients(along, parameters)

    return mean_over_images(probe, images, of_batch, training=training)


def hessian_diagonal(probe: Probe, vectors: Iterable[Vector], images: int) -> dict[str, Tensor]:
    """Mean of v ⊙ Hv over vectors of signs, in evaluation mode: diag H, estimated (Hutchinson 1989; Bekas et al. 2007).

    Exact for all vectors of signs that there are, or for the columns of a Hadamard matrix. An estimate can be negative
    where the diagonal is not, and the diagonal itself where the loss is not convex.
    """
    totals = {name: torch.zeros_like(weight) for name, weight in probe.network.weights().items()}
    count = 0
    for vector in vectors:
        product = hessian_vector_product(probe, probe.loss, vector, images, training=False)
        for name, total in totals.items():
            total.addcmul_(vector[name], product[name])
        count += 1
    return {name: total.div_(count) for name, total in totals.items()}


def rademacher(weights: Mapping[str, Tensor], count: int, generator: torch.Generator) -> Iterator[Vector]:
    """`count` vectors of independent signs, drawn on the CPU, one at a time."""
    for _ in range(count):
        yield {
            name: torch.randint(2, weight.shape, generator=generator).to(weight).mul_(2).sub_(1)
            for name, weight in weights.items()
        }
