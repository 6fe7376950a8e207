"""Noise: gaussian, shot, impulse, speckle.

Each takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the same
shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_cifar_c.py`.
"""

import numpy as np

from lesion.data.corruptions.counter_random import CounterRandom, Floats


def gaussian_noise(images: Floats, stream: CounterRandom, scale: float) -> Floats:
    """Add normal noise of standard deviation `scale` to each value."""
    return images + scale * stream.normal("noise", images.shape[1:])


def shot_noise(images: Floats, stream: CounterRandom, photons: float) -> Floats:
    """Count photons: Poisson(x * photons) / photons, where white is `photons` on average."""
    return stream.poisson("photons", images * photons) / photons


def impulse_noise(images: Floats, stream: CounterRandom, amount: float) -> Floats:
    """Salt and pepper: each value becomes 1 or 0 with probability `amount` / 2 each."""
    draw = stream.uniform("impulse", images.shape[1:])
    return np.where(draw < amount / 2, 0.0, np.where(draw < amount, 1.0, images))


def speckle_noise(images: Floats, stream: CounterRandom, scale: float) -> Floats:
    """Multiply each value by 1 + normal noise of standard deviation `scale`: black stays black."""
    return images + images * scale * stream.normal("noise", images.shape[1:])
