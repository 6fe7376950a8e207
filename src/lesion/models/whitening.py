"""Filters that whiten patches of images, for the first convolution of a network (arXiv 2404.00498, section 3.2)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

LEAST = 1e-6  # of the largest variance: what is below counts as this much, and is not divided by zero
PART = 250  # images whose patches are in memory together


def whitening_filters(images: Tensor, *, side: int) -> Tensor:
    """Filters whose responses to patches of `images` are uncorrelated and of variance 1.

    They are the eigenvectors of the covariance of patches, each divided by the root of its eigenvalue.

    Parameters
    ----------
    images : normalised, float32 (n, c, h, w)
    side : of a patch, in pixels

    Returns
    -------
    float64 (c · side², c, side, side), by falling variance of the patches along the eigenvector.
    """
    size, seen = images.shape[1] * side**2, 0
    first, second = torch.zeros(size, dtype=torch.float64), torch.zeros(size, size, dtype=torch.float64)
    for patches in _patches(images, side):
        first += patches.sum(0)
        second += patches.T @ patches
        seen += len(patches)
    mean = first / seen
    variance, vectors = torch.linalg.eigh(second / seen - torch.outer(mean, mean))
    vectors = vectors * vectors.gather(0, vectors.abs().argmax(0, keepdim=True)).sign()  # of the two directions one
    scaled: Tensor = vectors / variance.clamp(min=max(LEAST * float(variance[-1]), LEAST**2)).sqrt()
    return scaled.T.flip(0).reshape(-1, images.shape[1], side, side)


def whiten(convolution: nn.Conv2d, images: Tensor) -> None:
    """Give a convolution of images n // 2 whitening filters, then their negatives; n is the number of its filters.

    A rectifier after a filter and its negative loses nothing. The filters are those of the largest variance. Where n is
    odd or more than 2 · c · side², the last filters keep their weights.

    Parameters
    ----------
    convolution : with square filters and no groups; changed in place
    images : normalised, float32 (n, c, h, w)
    """
    filters = whitening_filters(images, side=convolution.kernel_size[0])[: convolution.out_channels // 2]
    pairs = torch.cat([filters, -filters]).to(convolution.weight)
    with torch.no_grad():
        convolution.weight[: len(pairs)] = pairs


def _patches(images: Tensor, side: int) -> Iterator[Tensor]:
    """All patches, float64 (n, c · side²), of some images after others."""
    for part in torch.split(images, PART):
        windows = part.double().unfold(2, side, 1).unfold(3, side, 1)  # (n, c, row, column, side, side)
        yield windows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2)
