"""Digital: contrast, elastic transform, pixelate, JPEG compression, saturate.

Each takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the same
shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_cifar_c.py`, except where a
docstring says otherwise.
"""

import functools
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lesion.data.corruptions import filters
from lesion.data.corruptions.constants import Elastic, Saturate
from lesion.data.corruptions.counter_random import CounterRandom, Floats

_JPEG_BLOCK = 8
_JPEG_LONGEST = 65_500  # libjpeg's limit on a side, in pixels


def contrast(images: Floats, _: CounterRandom, factor: float) -> Floats:
    """Shrink each channel towards its mean over the image."""
    _, height, width, _ = images.shape
    # Added up in a fixed order: numpy's own sum may order its terms by the shape of the batch.
    columns = functools.reduce(np.add, (images[:, row] for row in range(height)))
    total = functools.reduce(np.add, (columns[:, column] for column in range(width)))
    mean: Floats = (total / (height * width))[:, None, None, :]
    return (images - mean) * factor + mean


def elastic_transform(images: Floats, stream: CounterRandom, constants: Elastic) -> Floats:
    """Random affine map, then a smooth random displacement of each pixel.

    The affine map moves three points, at a third of the side around the centre, by up to `affine` pixels along each
    axis; the displacement is `alpha` times uniform noise in [-1, 1] blurred by `sigma`. The published code resamples
    after each of the two; here the maps are composed and the image is resampled once, bilinear, borders mirrored.
    """
    _, height, width, _ = images.shape
    centre, arm = height // 2, height // 3
    shift = stream.uniform("affine", (3, 2), -constants.affine, constants.affine)[..., None, None]
    # The points lie at (arm, arm), (arm, -arm), (-arm, -arm) from the centre as (row, column).
    by_column = [(shift[:, 0, i] - shift[:, 1, i]) / (2 * arm) + (i == 1) for i in (0, 1)]
    by_row = [(shift[:, 1, i] - shift[:, 2, i]) / (2 * arm) + (i == 0) for i in (0, 1)]
    move = [(shift[:, 0, i] + shift[:, 2, i]) / 2 for i in (0, 1)]
    determinant = by_row[0] * by_column[1] - by_column[0] * by_row[1]

    grid = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    noise = stream.uniform("displacement", (height, width, 2), -1, 1)
    wave = constants.alpha * filters.gaussian(noise, constants.sigma)
    row, column = (grid[i] + wave[..., i] - centre - move[i] for i in (0, 1))
    source_row = (by_column[1] * row - by_column[0] * column) / determinant + centre
    source_column = (by_row[0] * column - by_row[1] * row) / determinant + centre
    return filters.sample_bilinear(images, source_row, source_column)


def pixelate(images: Floats, _: CounterRandom, size: int) -> Floats:
    """Shrink to `size` x `size` pixels and enlarge again, both with the box filter of Pillow's `resize`."""
    for axis in (1, 2):
        side = images.shape[axis]
        images = filters.resample(images, *_box_taps(side, size), axis=axis)
        images = filters.resample(images, *_box_taps(size, side), axis=axis)
    return images


def _box_taps(old: int, new: int) -> tuple[NDArray[np.intp], Floats]:
    """Indices and weights (taps, new): the mean of the old pixels whose centres lie in a new pixel's box."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    reach = max(scale, 1.0) / 2
    first = np.floor(centres - reach + 0.5).astype(np.intp)
    last = np.floor(centres + reach + 0.5).astype(np.intp)
    index = first + np.arange((last - first).max())[:, None]
    inside = index < last
    return np.minimum(index, old - 1), inside / inside.sum(axis=0)


def jpeg_compression(images: Floats, _: CounterRandom, quality: int) -> Floats:
    """Encode and decode with Pillow's baseline JPEG at `quality` (of 100).

    Greyscale JPEG codes each block of 8 x 8 pixels on its own, so images of whole blocks go through the codec as one
    tall picture, with the same result as one by one. Colour shares chroma between blocks and goes one by one.
    """
    count, height, width, channels = images.shape
    alone = channels > 1 or height % _JPEG_BLOCK > 0
    together = 1 if alone else _JPEG_LONGEST // height
    pixels = np.rint(images * 255).astype(np.uint8)
    decoded = np.empty_like(pixels)
    for start in range(0, count, together):
        tall = pixels[start : start + together].reshape(-1, width, channels)
        file = io.BytesIO()
        Image.fromarray(tall.squeeze(-1) if channels == 1 else tall).save(file, "JPEG", quality=quality)
        with Image.open(file) as picture:
            decoded[start : start + together] = np.asarray(picture).reshape(-1, height, width, channels)
    return decoded / 255


def saturate(images: Floats, _: CounterRandom, constants: Saturate) -> Floats:
    """Saturation of HSV times `factor` plus `shift`, within [0, 1]; identity on images with one channel.

    An image with one channel has no hue and saturation zero. A factor leaves zero; a shift would have to invent a
    hue, which one channel cannot hold. So the corruption does not exist there, and nothing is done in its place: a
    study of greyscale images should say that its robustness to it is perfect by construction. In colour images a
    grey pixel has hue 0, red, by the convention of the published code, and a shift reddens it.
    """
    if images.shape[-1] == 1:
        return images
    value: Floats = images.max(axis=-1, keepdims=True)
    chroma = value - images.min(axis=-1, keepdims=True)
    grey = chroma == 0
    old = chroma / np.where(value > 0, value, 1.0)
    new: Floats = np.clip(old * constants.factor + constants.shift, 0, 1)
    coloured: Floats = value - (value - images) * new / np.where(grey, 1.0, old)
    reddened: Floats = value * (1 - new * np.array([0.0, 1.0, 1.0]))
    return np.where(grey, reddened, coloured)
