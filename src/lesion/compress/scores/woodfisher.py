"""WoodFisher: Optimal Brain Surgeon with blocks of the empirical Fisher matrix (Singh & Alistarh, arXiv 2004.14340).

Two differences from the paper. It inverts a block by Woodbury's identity, one image at a time; here Cholesky gives the
same inverse. It adds up the corrections for single pruned weights; here the correction is exact for all pruned weights
of a block together.

The correction solves an equation for each image. With about as many images as a block keeps weights, the equations are
nearly singular: little but the damping holds the weights, they move far, and the loss, for which the Fisher matrix is a
model of small changes, rises. So the change is halved until the loss on these images is not above that of the mask
alone, and undone if three halvings do not suffice. Fewer images than the weights of a block are told.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


log = logging.getLogger(__name__)

LOWERS_LOSS = True


class Options(Settings):
    """Number of training images, number of consecutive weights in a block, and the amount to add to the diagonal."""

    images: int = Field(ge=1)
    block: int = Field(ge=1)
    damping: float = Field(gt=0)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The damped blocks (blocks, block, block), and the diagonal of their inverses in the shape of the weight.

    In evaluation mode. Weights that are masked already cannot change, so the inverses leave them out.
    """
    from lesion.compress.measurements.fisher import fisher_blocks, into_blocks
    from lesion.compress.measurements.surgeon import inverse_diagonal

    if options.images < options.block:
        log.warning(
            "woodfisher: %d images for blocks of %d weights: the Fisher matrix is singular but for its damping; more"
            " images or smaller blocks are better", options.images, options.block
        )  # fmt: skip
    curvature = fisher_blocks(probe, options.images, options.block)
    inverse = {}
    for name, kept in probe.network.masks().items():
        curvature[name].diagonal(dim1=1, dim2=2).add_(options.damping)
        found = inverse_diagonal(curvature[name], into_blocks(kept.flatten(), options.block))
        inverse[name] = found.flatten()[: kept.numel()].reshape(kept.shape)
    return {"inverse_diagonal": inverse, "curvature": curvature}


def score(weight: Tensor, *, inverse_diagonal: Tensor, **_: Tensor) -> Tensor:
    """w² / (2 [F⁻¹]_qq), the least cost of removing the weight. Any shape, same shape back."""
    return weight.square() / (2 * inverse_diagonal)


def compensate(weight: Tensor, mask: Tensor, options: Options, *, curvature: Tensor, **_: Tensor) -> Tensor:
    """The weight, zero where `mask` is False, with the kept weights of each block adjusted for the loss."""
    from lesion.compress.measurements.fisher import into_blocks
    from lesion.compress.measurements.surgeon import compensated

    blocks = compensated(
        into_blocks(weight.flatten(), options.block), into_blocks(mask.flatten(), options.block), curvature
    )
    return blocks.flatten()[: weight.numel()].reshape(weight.shape)
