"""The diagonal of the Gauss-Newton matrix: mean over images of Jᵀ (diag p − p pᵀ) J, J the logits by the weights.

It is the Hessian of the mean cross-entropy without the curvature of the logits themselves. Logits of piecewise linear
layers (ReLU, max pooling, batch norm in evaluation) have none along a single weight: there the two diagonals are equal.
"""

import torch
from torch import Tensor

from lesion.compress.probe import Batch, Probe
from lesion.compress.statistics.image_gradients import mean_square


def along_root(logits: Tensor, signs: Tensor) -> Tensor:
    """zᵀ L s, to be differentiated by z alone, where L Lᵀ = diag p − p pᵀ and p = softmax z: z, s (classes,).

    For random signs the mean square of its gradient by a weight is the image's part of the diagonal, with a variance
    that grows with the classes and not, as that of products with the Hessian (Hutchinson), with the weights.
    """
    p = logits.detach().softmax(dim=0)
    root = p.sqrt() * signs
    return (logits * (root - p * root.sum())).sum()


def gauss_newton_diagonal(probe: Probe, images: int, generator: torch.Generator) -> dict[str, Tensor]:
    """An unbiased estimate, never negative, of the shape of each weight; signs are drawn for each image, on the CPU."""

    def signs(batch: Batch) -> Tensor:
        inputs, _ = batch
        with torch.no_grad():
            classes = probe.model(inputs[:1]).shape[1]
        return torch.randint(2, (len(inputs), classes), generator=generator).mul_(2).sub_(1).to(inputs)

    return mean_square(probe, images, along_root, signs)
