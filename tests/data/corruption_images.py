"""Real images for the tests of corruptions."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits


def digits(count: int) -> NDArray[np.uint8]:
    """The first UCI digits, 0..16 stretched to 0..255; uint8 (count, 8, 8, 1)."""
    images: NDArray[np.float64] = load_digits().images[:count, ..., None]
    return np.rint(images * 255 / 16).astype(np.uint8)


def colours(count: int, side: int) -> NDArray[np.uint8]:
    """Digits of three hues drawn over one another, enlarged smoothly; uint8 (count, side, side, 3)."""
    grey = digits(count + 2)
    mixed = np.concatenate([grey[:-2], grey[1:-1] // 2, grey[2:] // 3 + 40], axis=-1)
    return np.stack(
        [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) for image in mixed]
    )
