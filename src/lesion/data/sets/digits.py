"""The 1,797 handwritten digits that scikit-learn ships (UCI optical recognition of handwritten digits, test part)."""

import numpy as np
from pydantic import Field

from lesion.data.dataset import Packed
from lesion.data.stroke import attributes
from lesion.params.settings import Settings

LEVELS = 16  # a pixel is the number of inked pixels in a 4 × 4 block of the original bitmap


class Options(Settings):
    """Share of the examples for testing, and the seed of the random split."""

    test_share: float = Field(gt=0, lt=1)
    split_seed: int = Field(ge=0)


def load(options: Options) -> Packed:
    """The digits as 8 × 8 × 1 images with values 0 to 255; the attributes are quartiles over all examples."""
    from sklearn.datasets import load_digits  # importing it takes seconds; reading params.yaml must not

    digits = load_digits()
    images = np.round(digits.images * (255 / LEVELS)).astype(np.uint8)[..., None]
    count = len(images)
    train = np.ones(count, dtype=bool)
    train[np.random.default_rng(options.split_seed).permutation(count)[: round(count * options.test_share)]] = False
    return Packed(
        images=images,
        label=digits.target.astype(np.int16),
        train=train,
        source="scikit-learn digits",
        class_names=tuple(str(name) for name in digits.target_names),
        attributes=attributes(images),
    )
