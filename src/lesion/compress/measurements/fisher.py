"""The empirical Fisher matrix: mean over images of g gᵀ, where g is the gradient of the image's loss.

Only its diagonal, or blocks along the diagonal. In evaluation mode.
"""

from torch import Tensor
from torch.nn import functional

from lesion.compress.measurements.image_gradients import mean_over_gradients, mean_square
from lesion.compress.probe import Batch, Probe


def _labels(batch: Batch) -> Tensor:
    return batch[1]


def fisher_diagonal(probe: Probe, images: int) -> dict[str, Tensor]:
    """Mean over images of the squared gradient, in the shape of each weight, by weight name."""
    return mean_square(probe, images, functional.cross_entropy, _labels)


def into_blocks(tensor: Tensor, block: int) -> Tensor:
    """Cut (*, n) into blocks of consecutive entries: (*, blocks, block). The last block is padded with zeros."""
    return functional.pad(tensor, (0, -tensor.shape[-1] % block)).reshape(*tensor.shape[:-1], -1, block)


def fisher_blocks(probe: Probe, images: int, block: int) -> dict[str, Tensor]:
    """Diagonal blocks of the matrix, each over `block` consecutive weights: (blocks, block, block), by weight name.

    The last block is padded with rows and columns of zeros.
    """

    def add(total: Tensor | None, own: Tensor) -> Tensor:
        columns = into_blocks(own.flatten(1), block).permute(1, 2, 0)
        return columns @ columns.mT if total is None else total.baddbmm_(columns, columns.mT)

    return mean_over_gradients(probe, images, functional.cross_entropy, _labels, add)
