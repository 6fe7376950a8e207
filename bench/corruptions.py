"""The speed of each corruption of 224 x 224 pixels beside the published formula, image by image; one thread.

The published side is `tests/data/published_corruptions.py` with numpy's own random numbers, which are cheaper than
numbers that belong to an example. Its motion blur is a loop over taps in numpy, not ImageMagick.
"""

import time

import numpy as np
from numpy.typing import NDArray
from tests.data.photographs import PACKAGED, photographs
from tests.data.published_corruptions import Floats, eight_bit, published

from bench.measure import row
from lesion.data.corruptions.corrupt import CORRUPTIONS, corrupt

SIDE, BATCH, SEVERITIES = 224, 16, (1, 3, 5)


class NumpyDraws:
    """The generator of the published code."""

    def __init__(self) -> None:
        self.generator = np.random.RandomState(1911)

    def uniform(self, _: str, shape: tuple[int, ...], low: float = 0, high: float = 1) -> Floats:
        return np.asarray(self.generator.uniform(low, high, shape))

    def normal(self, _: str, shape: tuple[int, ...]) -> Floats:
        return np.asarray(self.generator.normal(size=shape))

    def poisson(self, _: str, rates: Floats) -> Floats:
        return np.asarray(self.generator.poisson(rates), dtype=np.float64)


def ours(images: NDArray[np.uint8], corruption: str) -> float:
    """Seconds of processor an image, mean over the severities."""
    ids = np.arange(len(images))
    for severity in SEVERITIES:  # tables are made once in a run
        corrupt(images[:1], ids[:1], corruption=corruption, severity=severity)
    start = time.process_time()
    for severity in SEVERITIES:
        corrupt(images, ids, corruption=corruption, severity=severity)
    return (time.process_time() - start) / (len(SEVERITIES) * len(images))


def theirs(images: NDArray[np.uint8], corruption: str) -> float:
    """Seconds of processor an image of the published formula, mean over the severities."""
    draws = NumpyDraws()
    published(corruption, images[0], 1, draws)
    start = time.process_time()
    for severity in SEVERITIES:
        for image in images:
            eight_bit(published(corruption, image, severity, draws) / 255)
    return (time.process_time() - start) / (len(SEVERITIES) * len(images))


def main() -> None:
    """One row a corruption."""
    images = photographs(PACKAGED, SIDE, BATCH)
    for corruption in CORRUPTIONS:
        fast, slow = ours(images, corruption), theirs(images[:3], corruption)
        rates = f"{1 / fast:.0f} images/s, published formula {1 / slow:.0f} images/s: {slow / fast:.1f} times"
        row(f"{corruption}, 224 x 224, batch of {BATCH}, severities 1, 3, 5", rates)


if __name__ == "__main__":
    main()
