"""Exact products of the loss's Hessian with vectors."""

from collections.abc import Mapping

import torch
from torch import Tensor

from lesion.compress.measurements.gradient import Loss, gradients, mean_over_images
from lesion.compress.probe import Batch, Probe

Vector = Mapping[str, Tensor]
"""A vector in the space of all prunable weights: a tensor in the shape of each weight, by weight name."""


def hessian_vector_product(
    probe: Probe, loss: Loss, vector: Vector, images: int, *, training: bool
) -> dict[str, Tensor]:
    """Hv for the Hessian H of the mean loss over images, by differentiating twice (Pearlmutter 1994).

    Uses the same images and the same dropout as every other measurement of this probe at this step.
    """
    parameters = probe.network.parameters()

    def product(batch: Batch) -> dict[str, Tensor]:
        slopes = gradients(loss(batch), parameters, create_graph=True)
        along = torch.stack([(slopes[name] * direction).sum() for name, direction in vector.items()]).sum()
        return gradients(along, parameters)

    return mean_over_images(probe, images, product, training=training)
