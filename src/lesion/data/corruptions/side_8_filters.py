"""Blurs and resampling of batches of 8 x 8 images. Positions lie between pixels where the published code rounds them.

Only element-by-element arithmetic and scipy.ndimage are used: a matrix product or a sum over an axis may round
differently for another batch size, and then the result for an image would depend on the other images.
"""

import functools
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from lesion.data.corruptions.counter_random import Floats


def correlate(images: Floats, kernels: Floats, *, padding: Literal["edge", "reflect"]) -> Floats:
    """Sum of neighbours weighted by a kernel: out[p] = sum over d of kernel[d] * image[p + d].

    `images` (n, h, w, c); `kernels` (k, k) for all images, or (n, k, k) with one for each; k odd. `padding` as in
    `np.pad`.
    """
    side = kernels.shape[-1]
    reach = side // 2
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode=padding)
    stack = kernels.reshape(-1, side, side)
    total = np.zeros_like(images)
    for row, column in np.argwhere(stack.any(axis=0)):
        weight = stack[:, row, column].reshape(-1, 1, 1, 1)
        total += weight * padded[:, row : row + height, column : column + width]
    return total


def gaussian(images: Floats, sigma: float) -> Floats:
    """Gaussian blur of (n, h, w, c), borders repeated, cut off at 4 sigma, as in skimage.filters.gaussian."""
    blurred = ndimage.gaussian_filter(images, sigma=(0, sigma, sigma, 0), mode="nearest", truncate=4.0)
    return np.asarray(blurred, dtype=np.float64)


def motion_kernels(angles: Floats, *, radius: float, sigma: float, step: float) -> Floats:
    """Streaks that fade as half a Gaussian, as in ImageMagick's motion blur: (n, k, k), each with sum 1.

    A streak has 2 * ceil(radius) + 1 taps. Tap i has a weight proportional to exp(-i**2 / (2 * sigma**2)) and lies
    `i * step` pixels from the centre, in the direction of `angles` (n,), in degrees. A tap between pixels is divided
    among its four neighbours (bilinear). ImageMagick takes the nearest pixel, which would lose the angle on small
    images.
    """
    taps = np.arange(2 * np.ceil(radius) + 1)
    weights = np.exp(-(taps**2) / (2 * sigma**2))
    # taps that cannot change an 8-bit value are left out to save time
    seen = weights > 1e-5
    taps, weights = taps[seen], weights[seen] / weights[seen].sum()
    reach = int(np.ceil(taps[-1] * step))
    pixels = np.arange(-reach, reach + 1)
    kernels = np.zeros((len(angles), len(pixels), len(pixels)))
    # scipy's functions work number by number; numpy's may round differently in long arrays
    sines, cosines = special.sindg(angles)[:, None], special.cosdg(angles)[:, None]
    for tap, weight in zip(taps, weights, strict=True):
        rows = np.maximum(0, 1 - np.abs(pixels - tap * step * sines))
        columns = np.maximum(0, 1 - np.abs(pixels - tap * step * cosines))
        kernels += weight * rows[:, :, None] * columns[:, None, :]
    return kernels


def resample(images: Floats, index: NDArray[np.intp], weight: Floats, *, axis: int) -> Floats:
    """Resize along one axis: out[j] = sum over t of weight[t, j] * in[index[t, j]].

    `images` (n, h, w, c); `index` and `weight` (taps, new length); `axis` 1 or 2.
    """
    shape = (-1, 1, 1) if axis == 1 else (-1, 1)
    terms = (images.take(i, axis=axis) * w.reshape(shape) for i, w in zip(index, weight, strict=True))
    return functools.reduce(np.add, terms)


def zoom(images: Floats, factor: float) -> Floats:
    """Enlarge (n, h, w, c) by `factor` >= 1 about the centre, bilinear, cropped to the same shape.

    Point p shows the image at centre + (p - centre) / factor. The published `clipped_zoom` first crops to whole pixels;
    at 8 x 8 all factors up to 1.06 would then do nothing.
    """
    for axis in (1, 2):
        length = images.shape[axis]
        centre = (length - 1) / 2
        position = centre + (np.arange(length) - centre) / factor
        below = np.clip(np.floor(position).astype(np.intp), 0, max(length - 2, 0))
        fraction = position - below
        images = resample(images, np.stack([below, below + 1]), np.stack([1 - fraction, fraction]), axis=axis)
    return images


def sample_bilinear(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Values of (n, h, w, c) at real coordinates (n, h, w) in pixels; borders mirrored without the edge pixel."""
    count, height, width, channels = images.shape
    pixels = images.reshape(-1, channels)
    first = (np.arange(count) * height * width)[:, None, None]
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    r0, r1 = (first + width * _mirror(top + i, height) for i in (0, 1))
    c0, c1 = (_mirror(left + i, width) for i in (0, 1))
    upper: Floats = pixels[r0 + c0] * (1 - right) + pixels[r0 + c1] * right
    lower: Floats = pixels[r1 + c0] * (1 - right) + pixels[r1 + c1] * right
    return upper * (1 - down) + lower * down


def _mirror(index: Floats, length: int) -> NDArray[np.intp]:
    """Mirror whole numbers into 0 .. length - 1: ... 2 1 | 0 1 2 ..."""
    period = 2 * (length - 1)
    folded = np.mod(index, period)
    return np.asarray(np.minimum(folded, period - folded), dtype=np.intp)
