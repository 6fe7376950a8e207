"""Blur: defocus, glass, motion, zoom, gaussian.

Each takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the same
shape. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_cifar_c.py`. Lengths are in pixels.
"""

import numpy as np

from lesion.data.corruptions import filters
from lesion.data.corruptions.constants import Defocus, Glass, Motion
from lesion.data.corruptions.counter_random import CounterRandom, Floats


def defocus_blur(images: Floats, _: CounterRandom, constants: Defocus) -> Floats:
    """Correlate with an antialiased disk, borders mirrored."""
    kernel = filters.disk_kernel(constants.radius, constants.alias_blur)
    return filters.correlate(images, kernel, padding="reflect")


def glass_blur(images: Floats, stream: CounterRandom, constants: Glass) -> Floats:
    """Blur, swap pixels with near neighbours, blur again.

    Pixels are visited from the bottom right, and a displacement is drawn from {-d, ..., d - 1}, as published. Two
    departures: only `share` of the pixels are swapped (1 in the published corruption), and they are truly swapped,
    where the published code by an aliasing of views copies one over the other in colour images.
    """
    shuffled = filters.gaussian(images, constants.sigma)
    _, height, width, _ = images.shape
    reach = constants.displacement
    shape = (constants.iterations, height, width)
    moves = stream.uniform("share", shape) < constants.share
    down, right = (
        np.where(moves, np.floor(stream.uniform(name, shape, -reach, reach)), 0).astype(np.intp)
        for name in ("down", "right")
    )
    every = np.arange(len(images))
    for iteration in range(constants.iterations):
        for row in range(height - reach, reach, -1):
            for column in range(width - reach, reach, -1):
                target = (every, row + down[:, iteration, row, column], column + right[:, iteration, row, column])
                here = shuffled[:, row, column].copy()
                shuffled[:, row, column] = shuffled[target]
                shuffled[target] = here
    return filters.gaussian(shuffled, constants.sigma)


def motion_blur(images: Floats, stream: CounterRandom, constants: Motion) -> Floats:
    """Streak within 45 degrees of horizontal, its own direction for each image, borders repeated."""
    angles = stream.uniform("angle", (), -45, 45)
    kernels = filters.motion_kernels(angles, radius=constants.radius, sigma=constants.sigma, step=constants.step)
    return filters.correlate(images, kernels, padding="edge")


def zoom_blur(images: Floats, _: CounterRandom, largest: float) -> Floats:
    """Mean of the image and its enlargements by 1, 1.01, ..., `largest` (the image counts twice, as published)."""
    factors = [1 + 0.01 * i for i in range(round((largest - 1) * 100) + 1)]
    total = images.copy()
    for factor in factors:
        total += filters.zoom(images, factor)
    return total / (len(factors) + 1)


def gaussian_blur(images: Floats, _: CounterRandom, sigma: float) -> Floats:
    """Gaussian blur of standard deviation `sigma` pixels."""
    return filters.gaussian(images, sigma)
