"""Digital: contrast, elastic transform, pixelate, JPEG compression, saturate.

Each function takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the
same shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and
`make_cifar_c.py`; for 8 x 8 pixels see `side_8_formulas.py`.
"""

import functools
import io

import cv2
import numpy as np
from PIL import Image

from lesion.data.corruptions import filters
from lesion.data.corruptions.colour import brightest, by_channel, darkest
from lesion.data.corruptions.constants import Elastic, Saturate
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.filters import Reals

_JPEG_BLOCK = 8
_JPEG_LONGEST = 65_500  # libjpeg's limit on a side, in pixels


def contrast(images: Reals, _: CounterRandom, factor: float) -> Reals:
    """Shrink each channel towards its mean over the image."""
    _, height, width, _ = images.shape
    # added up in a fixed order, since numpy's sum may depend on the shape of the batch
    values = images.astype(np.float64)
    columns = functools.reduce(np.add, (values[:, row] for row in range(height)))
    total = functools.reduce(np.add, (columns[:, column] for column in range(width)))
    mean = (total / (height * width))[:, None, None, :].astype(images.dtype)
    return by_channel(images, lambda plane, i: (plane - mean[..., i]) * factor + mean[..., i])


def elastic_transform(images: Reals, stream: CounterRandom, constants: Elastic) -> Reals:
    """Random affine map, then a smooth random displacement of each pixel; bilinear, borders mirrored.

    The affine map moves three points, a third of the side away from the centre, by up to `affine` pixels along each
    axis. The displacement is `alpha` times uniform noise in [-1, 1] blurred by `sigma`.
    """
    _, height, width, _ = images.shape
    centre, arm = height // 2, height // 3
    points = (centre + arm * np.array([[1, 1], [1, -1], [-1, -1]])).astype(np.float32)
    shifts = stream.uniform("affine", (3, 2), -constants.affine, constants.affine).astype(np.float32)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    waves = [
        constants.alpha * filters.gaussian_mirrored(stream.uniform(name, (height, width), -1, 1), constants.sigma)
        for name in ("right", "down")
    ]
    bent = np.empty_like(images)
    for image, shift, right, down, result in zip(images, shifts, *waves, bent, strict=True):
        matrix = cv2.getAffineTransform(points, points + shift)
        warped = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        across, along = (columns + right).astype(np.float32), (rows + down).astype(np.float32)
        moved = cv2.remap(warped, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        result[:] = moved.reshape(image.shape)
    return bent


def pixelate(images: Reals, _: CounterRandom, share: float) -> Reals:
    """Shrink each side to `share` of its pixels and enlarge again, in 8 bits, with the box filter of Pillow."""
    whole = images.shape[1:3]
    size = int(images.shape[1] * share)
    changed = np.empty_like(images)
    for levels, result in zip(filters.to_levels(images), changed, strict=True):
        small = Image.fromarray(levels.squeeze()).resize((size, size), Image.Resampling.BOX)
        again = np.asarray(small.resize(whole, Image.Resampling.BOX)).reshape(levels.shape)
        np.divide(again, 255, out=result)
    return changed


def jpeg_compression(images: Reals, _: CounterRandom, quality: int) -> Reals:
    """Encode and decode with Pillow's baseline JPEG at `quality` (of 100).

    Greyscale JPEG codes each block of 8 x 8 pixels separately, so images that consist of whole blocks are coded as one
    tall picture, with the same result. Colour images share chroma between blocks and are coded one by one.
    """
    count, height, width, channels = images.shape
    alone = channels > 1 or height % _JPEG_BLOCK > 0
    together = 1 if alone else _JPEG_LONGEST // height
    pixels = filters.to_levels(images)
    decoded = np.empty_like(pixels)
    for start in range(0, count, together):
        tall = pixels[start : start + together].reshape(-1, width, channels)
        file = io.BytesIO()
        Image.fromarray(tall.squeeze(-1) if channels == 1 else tall).save(file, "JPEG", quality=quality)
        with Image.open(file) as picture:
            decoded[start : start + together] = np.asarray(picture).reshape(-1, height, width, channels)
    return np.divide(decoded, 255, dtype=images.dtype)


def saturate(images: Reals, _: CounterRandom, constants: Saturate) -> Reals:
    """HSV saturation · `factor` + `shift`, clipped to [0, 1]; the identity on images with one channel.

    An image with one channel has saturation 0 and no hue: a factor changes nothing, and a shift would need a hue. A
    study of greyscale images should say that this corruption does nothing there. In colour images a grey pixel has hue
    0 (red), as in the published code, so a shift makes it redder.
    """
    if images.shape[-1] == 1:
        return images
    value = brightest(images)
    chroma = value - darkest(images)
    grey = chroma == 0
    one = images.dtype.type(1)
    old = chroma / np.where(value > 0, value, one)
    new = np.clip(old * constants.factor + constants.shift, 0, 1)
    divisor = np.where(grey, one, old)
    faded = value * (1 - new)
    return by_channel(
        images, lambda plane, i: np.where(grey, faded if i else value, value - (value - plane) * new / divisor)
    )
