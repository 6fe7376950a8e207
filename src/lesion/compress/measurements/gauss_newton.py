"""The diagonal of the Gauss-Newton matrix: mean over images of Jᵀ (diag p − p pᵀ) J.

J is the Jacobian of the logits with respect to the weights, p = softmax of the logits. The matrix is the Hessian of the
mean cross-entropy without the second derivatives of the logits. These are zero along a single weight of a piecewise
linear network (ReLU, max pooling, batch norm in evaluation mode), so there both diagonals are equal.
"""

import torch
from torch import Tensor

from lesion.compress.measurements.image_gradients import Targets, mean_square
from lesion.compress.probe import Batch, Probe


def along_root(logits: Tensor, signs: Tensor) -> Tensor:
    """The scalar zᵀ L s, where L Lᵀ = diag p − p pᵀ and p = softmax z is held constant: z and s are (classes,).

    For random signs s the expected squared gradient of this scalar is the image's part of the diagonal. Its variance
    grows with the number of classes; that of Hessian products (Hutchinson) grows with the number of weights.
    """
    p = logits.detach().softmax(dim=0)
    root = p.sqrt() * signs
    return (logits * (root - p * root.sum())).sum()


def gauss_newton_diagonal(
    probe: Probe, images: int, generator: torch.Generator, *, draws: int | None = 1
) -> dict[str, Tensor]:
    """The diagonal in the shape of each weight, by weight name.

    With `draws` vectors of random signs an image, an unbiased, nonnegative estimate; the signs are drawn on the CPU. If
    `draws` is None it is exact: the columns of L take the place of random vectors, a backward pass for each class.
    """

    def signs(batch: Batch) -> Tensor:
        inputs, _ = batch
        return torch.randint(2, (len(inputs), _classes(probe, inputs)), generator=generator).mul_(2).sub_(1).to(inputs)

    def column(place: int) -> Targets:
        return lambda batch: torch.eye(_classes(probe, batch[0]))[place].expand(len(batch[0]), -1).to(batch[0])

    targets: list[Targets] = [signs] * draws if draws is not None else [column(place) for place in range(_count(probe))]
    total: dict[str, Tensor] = {}
    for each in targets:
        for name, squares in mean_square(probe, images, along_root, each).items():
            total[name] = total[name].add_(squares) if name in total else squares
    return {name: squares.div_(draws or 1) for name, squares in total.items()}


def _count(probe: Probe) -> int:
    with probe.in_mode(training=False):
        return _classes(probe, next(iter(probe.batches(1)))[0])


def _classes(probe: Probe, inputs: Tensor) -> int:
    with torch.no_grad():
        return int(probe.model(inputs[:1]).shape[1])
