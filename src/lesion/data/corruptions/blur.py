"""Blur: defocus, glass, motion, zoom, gaussian.

Each function takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the
same shape. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and `make_cifar_c.py`; for
8 x 8 pixels see `side_8_formulas.py`. Lengths are in pixels.
"""

import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions import filters
from lesion.data.corruptions.constants import Defocus, Glass, Motion
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.filters import Reals


def defocus_blur(images: Reals, _: CounterRandom, constants: Defocus) -> Reals:
    """Correlate with an antialiased disk, borders mirrored."""
    return filters.correlate(images, filters.disk_kernel(constants.radius, constants.alias_blur))


def glass_blur(images: Reals, stream: CounterRandom, constants: Glass) -> Reals:
    """Blur, overwrite each pixel by a near neighbour, blur again; values are cut to 8 bits in between.

    Pixels are visited row by row from the bottom right; displacements are drawn from {-d, ..., d - 1} squared. The
    published code intends to swap two pixels, but its array views alias, so the neighbour keeps its value.
    """
    _, height, width, channels = images.shape
    shape = (constants.iterations, height, width)
    reach = constants.displacement
    place = stream.uniform("neighbour", shape, 0, (2 * reach) ** 2).astype(np.intp)
    down = place // (2 * reach)
    step = (down - reach) * width + (place - down * (2 * reach) - reach)
    pixels = filters.gaussian_levels(images, constants.sigma).reshape(-1, channels)
    origin = np.arange(len(pixels))
    for iteration in range(constants.iterations):
        origin = origin[_sources(step[:, iteration], reach)]
    moved = pixels.take(origin, axis=0).reshape(images.shape)
    return filters.gaussian(np.divide(moved, 255, dtype=images.dtype), constants.sigma)


def _sources(step: NDArray[np.intp], reach: int) -> NDArray[np.intp]:
    """Index of the pixel whose value each pixel has after one round of glass blur: (n * h * w,), over n flat images.

    `step` (n, h, w) is the difference between the index of a pixel's neighbour and its own.

    A pixel takes its neighbour's old value. If the neighbour was visited before and overwritten, it takes the
    neighbour's new value instead. These chains only lead to pixels visited earlier; doubling the links resolves them.
    """
    _, height, width = step.shape
    pixel = np.arange(step.size)
    walked = np.zeros(step.shape, bool)
    walked[:, reach + 1 : height - reach + 1, reach + 1 : width - reach + 1] = True
    inner = walked.ravel()
    neighbour = np.where(inner, pixel + step.ravel(), pixel)
    link = np.where(inner & (neighbour > pixel) & inner[neighbour], neighbour, pixel)
    chained = np.flatnonzero(link != pixel)
    while len(chained):
        near = link[chained]
        far = link[near]
        link[chained] = far
        chained = chained[far != near]
    return neighbour[link]


def motion_blur(images: Reals, stream: CounterRandom, constants: Motion) -> Reals:
    """Streak within 45 degrees of horizontal, in a random direction for each image; borders repeated."""
    return filters.motion(images, stream.uniform("angle", (), -45, 45), constants)


def zoom_blur(images: Reals, _: CounterRandom, factors: tuple[float, ...]) -> Reals:
    """Mean of the image and its enlargements by each of `factors`. The first factor is 1, so the image counts twice."""
    total = images.copy()
    for factor in factors:
        total += filters.zoom(images, factor)
    total /= len(factors) + 1
    return total


def gaussian_blur(images: Reals, _: CounterRandom, sigma: float) -> Reals:
    """Gaussian blur of standard deviation `sigma` pixels."""
    return filters.gaussian(images, sigma)
