"""Noise: gaussian, shot, impulse, speckle.

Each function takes images (n, h, w, c) in [0, 1], the random numbers and the constant of one severity, and returns the
same shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and
`make_cifar_c.py`.
"""

import numpy as np

from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.filters import Reals, to_levels


def gaussian_noise(images: Reals, stream: CounterRandom, scale: float) -> Reals:
    """Add normal noise of standard deviation `scale` to each value."""
    noise = stream.normal("noise", images.shape[1:])
    noise *= scale
    return np.add(images, noise, dtype=images.dtype, casting="same_kind")


def shot_noise(images: Reals, stream: CounterRandom, photons: float) -> Reals:
    """Count photons: Poisson(x * photons) / photons, where white is `photons` on average."""
    rates = np.arange(256) / 255 * photons
    return np.divide(stream.poisson("photons", rates, to_levels(images)), photons, dtype=images.dtype)


def impulse_noise(images: Reals, stream: CounterRandom, amount: float) -> Reals:
    """Salt and pepper: each value becomes 1 or 0 with probability `amount` / 2 each."""
    draw = stream.uniform("impulse", images.shape[1:])
    noisy = images.copy()
    noisy[draw < amount] = 1
    noisy[draw < amount / 2] = 0
    return noisy


def speckle_noise(images: Reals, stream: CounterRandom, scale: float) -> Reals:
    """Multiply each value by 1 + normal noise of standard deviation `scale`: black stays black."""
    noise = stream.normal("noise", images.shape[1:])
    noise *= images * scale
    return np.add(images, noise, dtype=images.dtype, casting="same_kind")
