"""Augmentation of whole batches of stored images."""

import torch
from torch import Tensor
from torch.nn import functional


def shift(images: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Shift each image by up to `pixels` in each direction, zeros coming in.

    Parameters
    ----------
    images : uint8 (n, h, w, c), on any device
    pixels : largest shift
    generator : on the CPU, so that the draws do not depend on the device

    Returns
    -------
    uint8 (n, h, w, c)
    """
    if pixels == 0:
        return images
    count, height, width, _ = images.shape
    padded = functional.pad(images, (0, 0, pixels, pixels, pixels, pixels))
    offsets = torch.randint(2 * pixels + 1, (2, count, 1), generator=generator).to(images.device)
    rows = offsets[0] + torch.arange(height, device=images.device)
    columns = offsets[1] + torch.arange(width, device=images.device)
    examples = torch.arange(count, device=images.device)
    return padded[examples[:, None, None], rows[:, :, None], columns[:, None, :]]
