"""Augmentation of batches of images: uint8 (n, h, w, c), same shape back."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from lesion.data.decode import Pixels
from lesion.seeds import derive_seed

Marks = npt.NDArray[np.bool_]


def shift(images: Pixels, pixels: int, draws: np.random.Generator) -> Pixels:
    """Shift each image by up to `pixels` in each direction, filling with zeros."""
    if pixels == 0:
        return images
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    rows, columns = draws.integers(2 * pixels + 1, size=(2, count))
    windows = sliding_window_view(padded, (height, width), axis=(1, 2))  # (n, row, column, c, h, w)
    return np.ascontiguousarray(windows[np.arange(count), rows, columns].transpose(0, 2, 3, 1))


def mirror(images: Pixels, draws: np.random.Generator) -> Pixels:
    """Mirror each image left to right with probability 1/2."""
    return turn(images, draws.random(len(images)) < 0.5)


def turn(images: Pixels, turned: Marks) -> Pixels:
    """Mirror the images that `turned`, bool (n,), names."""
    mirrored = images.copy()
    mirrored[turned] = images[turned, :, ::-1]
    return mirrored


def alternating(examples: int, epoch: int, seed: int) -> Marks:
    """Which images are mirrored in an epoch, bool (examples,): each in every other epoch.

    A coin for each image, thrown with `seed`, decides on the first epoch (arXiv 2404.00498, section 3.6).
    """
    coins = np.random.default_rng(derive_seed(seed, "mirror")).random(examples) < 0.5
    return coins ^ (epoch % 2 == 1)
