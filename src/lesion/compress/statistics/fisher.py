"""The empirical Fisher matrix: the mean over images of g gᵀ, g the gradient of the image's own loss.

Its diagonal, or blocks along it. In evaluation mode.
"""

from torch import Tensor
from torch.nn import functional

from lesion.compress.probe import Batch, Probe
from lesion.compress.statistics.image_gradients import mean_over_gradients, mean_square


def _labels(batch: Batch) -> Tensor:
    return batch[1]


def fisher_diagonal(probe: Probe, images: int) -> dict[str, Tensor]:
    """Mean over images of their squared gradients, of the shape of each weight."""
    return mean_square(probe, images, functional.cross_entropy, _labels)


def cut(tensor: Tensor, block: int) -> Tensor:
    """(*, n) -> (*, blocks, block): consecutive entries together, the last block filled up with zeros."""
    return functional.pad(tensor, (0, -tensor.shape[-1] % block)).reshape(*tensor.shape[:-1], -1, block)


def fisher_blocks(probe: Probe, images: int, block: int) -> dict[str, Tensor]:
    """The part of the matrix within blocks of consecutive weights of each tensor: (blocks, block, block), by name.

    Blocks times block are no fewer than the weights; rows and columns of what is too many are zero.
    """

    def add(total: Tensor | None, own: Tensor) -> Tensor:
        columns = cut(own.flatten(1), block).permute(1, 2, 0)
        return columns @ columns.mT if total is None else total.baddbmm_(columns, columns.mT)

    return mean_over_gradients(probe, images, functional.cross_entropy, _labels, add)
