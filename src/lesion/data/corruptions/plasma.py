"""Plasma: clouds by the diamond-square algorithm, for fog and frost."""

import numpy as np

from lesion.data.corruptions.counter_random import CounterRandom, Floats


def plasma(stream: CounterRandom, *, side: int, decay: float) -> Floats:
    """One cloud for each example, stretched to [0, 1]; (n, side, side).

    Diamond-square on a torus whose side is the next power of two (Fournier, Fussell & Carpenter 1982). As in ImageNet-C
    each halving of the step divides the perturbation by `decay` squared, so a larger decay gives a smoother cloud.
    """
    size = 1 << (side - 1).bit_length()
    heights = np.zeros((len(stream.example_ids), size, size))
    step, wibble = size, 1.0
    while step >= 2:
        half, cells = step // 2, size // step
        noise = stream.uniform(f"plasma-{step}", (3, cells, cells), -wibble, wibble)
        corners = heights[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        centres = (pairs + np.roll(pairs, -1, axis=2)) / 4 + noise[:, 0]
        heights[:, half::step, half::step] = centres
        above = centres + np.roll(centres, 1, axis=1)
        heights[:, ::step, half::step] = (above + corners + np.roll(corners, -1, axis=2)) / 4 + noise[:, 1]
        beside = centres + np.roll(centres, 1, axis=2)
        heights[:, half::step, ::step] = (beside + corners + np.roll(corners, -1, axis=1)) / 4 + noise[:, 2]
        step, wibble = half, wibble / decay**2
    heights -= heights.min(axis=(1, 2), keepdims=True)
    heights /= heights.max(axis=(1, 2), keepdims=True)
    return heights[:, :side, :side]
