"""Blur: defocus, glass, motion, zoom, gaussian.

Each takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the same
shape. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and `make_cifar_c.py`, those at
8 x 8 pixels in `side_8_formulas.py`. Lengths are in pixels.
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
    """Blur, overwrite each pixel by a near neighbour, blur again; 8 bits in between.

    Pixels are visited row by row from the bottom right, and displacements are drawn from {-d, ..., d - 1} squared. The
    published code means to swap two pixels, but its views of one array alias, so the neighbour keeps its value.
    """
    _, height, width, channels = images.shape
    shape = (constants.iterations, height, width)
    reach = constants.displacement
    place = stream.uniform("neighbour", shape, 0, (2 * reach) ** 2).astype(np.intp)
    down = place // (2 * reach)
    step = (down - reach) * width + (place - down * (2 * reach) - reach)
    pixels = filters.to_levels(filters.gaussian(images, constants.sigma)).reshape(-1, channels)
    origin = np.arange(len(pixels))
    for iteration in range(constants.iterations):
        origin = origin[_sources(step[:, iteration], reach)]
    moved = pixels.take(origin, axis=0).reshape(images.shape)
    return filters.gaussian(np.divide(moved, 255, dtype=images.dtype), constants.sigma)


def _sources(step: NDArray[np.intp], reach: int) -> NDArray[np.intp]:
    """For each pixel of n images in one row, (n * h * w,), the pixel whose value it has after one round of glass.

    `step` (n, h, w) leads from each pixel to its neighbour in that row.

    A pixel takes its neighbour's old value, unless the neighbour lies behind in the walk and has been overwritten;
    then it has what that one has. Such chains only lead backwards, and are followed by doubling their links.
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
    """Streak within 45 degrees of horizontal, its own direction for each image, borders repeated."""
    return filters.motion(images, stream.uniform("angle", (), -45, 45), constants)


def zoom_blur(images: Reals, _: CounterRandom, factors: tuple[float, ...]) -> Reals:
    """Mean of the image and its enlargements by each of `factors`; the first is 1, so the image counts twice."""
    total = images.copy()
    for factor in factors:
        total += filters.zoom(images, factor)
    total /= len(factors) + 1
    return total


def gaussian_blur(images: Reals, _: CounterRandom, sigma: float) -> Reals:
    """Gaussian blur of standard deviation `sigma` pixels."""
    return filters.gaussian(images, sigma)
