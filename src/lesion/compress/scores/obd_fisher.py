"""Optimal Brain Damage (LeCun et al. 1990) with the empirical Fisher matrix for the Hessian.

Theis et al. (arXiv 1801.05787).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Number of training images."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Mean over images of the squared gradient of the image's loss, in evaluation mode."""
    from lesion.compress.measurements.fisher import fisher_diagonal

    return {"fisher_diagonal": fisher_diagonal(probe, options.images)}


def score(weight: Tensor, *, fisher_diagonal: Tensor) -> Tensor:
    """f·w²/2 for the diagonal f of the Fisher matrix. Any shape, same shape back."""
    return fisher_diagonal * weight.square() / 2
