"""WoodFisher: Optimal Brain Surgeon by the empirical Fisher matrix, in blocks (Singh & Alistarh, arXiv 2004.14340).

The paper inverts a block by Woodbury's identity, an image at a time; here it is by Cholesky, to the same matrix. It
adds up the corrections for single weights where several are pruned; here the correction is the exact one for all of a
block together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Over how many images; how many consecutive weights are a block; what is added to the diagonal of the matrix."""

    images: int = Field(ge=1)
    block: int = Field(ge=1)
    damping: float = Field(gt=0)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The damped blocks, (blocks, block, block), in evaluation mode, and the diagonal of their inverse, as the weight.

    Weights that are masked already do not change, so they have no part in the inverse for others.
    """
    from lesion.compress.statistics.fisher import cut, fisher_blocks
    from lesion.compress.statistics.surgeon import inverse_diagonal

    curvature = fisher_blocks(probe, options.images, options.block)
    inverse = {}
    for name, kept in probe.network.masks().items():
        curvature[name].diagonal(dim1=1, dim2=2).add_(options.damping)
        found = inverse_diagonal(curvature[name], cut(kept.flatten(), options.block))
        inverse[name] = found.flatten()[: kept.numel()].reshape(kept.shape)
    return {"inverse_diagonal": inverse, "curvature": curvature}


def score(weight: Tensor, *, inverse_diagonal: Tensor, **_: Tensor) -> Tensor:
    """w² / (2 [F⁻¹]_qq), what removing the weight costs at best. Any shape, same shape back."""
    return weight.square() / (2 * inverse_diagonal)


def compensate(weight: Tensor, mask: Tensor, options: Options, *, curvature: Tensor, **_: Tensor) -> Tensor:
    """The weight with zeros where the mask (bool, true where kept) says, the rest of each block making good."""
    from lesion.compress.statistics.fisher import cut
    from lesion.compress.statistics.surgeon import compensated

    blocks = compensated(cut(weight.flatten(), options.block), cut(mask.flatten(), options.block), curvature)
    return blocks.flatten()[: weight.numel()].reshape(weight.shape)
