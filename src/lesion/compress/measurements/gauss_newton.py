"""The diagonal of the Gauss-Newton matrix: mean over images of Jᵀ (diag p − p pᵀ) J.

J is the Jacobian of the logits with respect to the weights, p = softmax of the logits. The matrix is the Hessian of the
mean cross-entropy without the second derivatives of the logits. These are zero along a single weight of a piecewise
linear network (ReLU, max pooling, batch norm in evaluation mode), so there both diagonals are equal.
"""

import torch
from torch import Tensor

from lesion.compress.measurements.image_gradients import mean_square
from lesion.compress.probe import Batch, Probe


def along_root(logits: Tensor, signs: Tensor) -> Tensor:
    """The scalar zᵀ L s, where L Lᵀ = diag p − p pᵀ and p = softmax z is held constant: z and s are (classes,).

    For random signs s the expected squared gradient of this scalar is the image's part of the diagonal. Its variance
    grows with the number of classes; that of Hessian products (Hutchinson) grows with the number of weights.
    """
    p = logits.detach().softmax(dim=0)
    root = p.sqrt() * signs
    return (logits * (root - p * root.sum())).sum()


def gauss_newton_diagonal(probe: Probe, images: int, generator: torch.Generator) -> dict[str, Tensor]:
    """An unbiased, nonnegative estimate in the shape of each weight, by weight name. Signs are drawn on the CPU."""

    def signs(batch: Batch) -> Tensor:
        inputs, _ = batch
        with torch.no_grad():
            classes = probe.model(inputs[:1]).shape[1]
        return torch.randint(2, (len(inputs), classes), generator=generator).mul_(2).sub_(1).to(inputs)

    return mean_square(probe, images, along_root, signs)
