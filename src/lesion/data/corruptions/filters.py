"""Blurs of batches of images, image by image: what OpenCV makes of one image does not depend on the others."""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from lesion.data.corruptions.constants import Motion
from lesion.data.corruptions.counter_random import Floats

cv2.setNumThreads(1)  # a job has the cores that the engine gives it

Reals = NDArray[np.floating[Any]]
_Real = TypeVar("_Real", bound=np.floating[Any])
_SHORT = 64  # taps; a longer filter is quicker by the cosine transform


def each(images: NDArray[_Real], change: Callable[[NDArray[_Real]], NDArray[Any]]) -> NDArray[_Real]:
    """`change` of each image (h, w, c) or (h, w) for itself; OpenCV may drop a last axis of one, it is put back."""
    changed = np.empty_like(images)
    for image, result in zip(images, changed, strict=True):
        result[:] = change(image).reshape(image.shape)
    return changed


def to_levels(values: Reals) -> NDArray[np.uint8]:
    """Values in [0, 1] as 8-bit levels, clipped and rounded to the nearest."""
    levels = np.clip(values, 0, 1)
    levels *= 255
    return np.rint(levels, out=levels).astype(np.uint8)


def gaussian(images: Reals, sigma: float) -> Reals:
    """Gaussian blur of (n, h, w, c), borders repeated, cut off at 4 sigma: what skimage.filters.gaussian computes."""
    taps = _gaussian_taps(sigma, truncate=4)
    return each(images, lambda image: cv2.sepFilter2D(image, -1, taps, taps, borderType=cv2.BORDER_REPLICATE))


def gaussian_mirrored(fields: Floats, sigma: float) -> Floats:
    """Gaussian blur of (n, h, w), borders mirrored with the edge, cut off at 3 sigma, which may exceed the side.

    With that border a symmetric filter multiplies the coefficients of the discrete cosine transform (Strang 1999),
    which is the quicker way for a long one.
    """
    taps = _gaussian_taps(sigma, truncate=3)
    if len(taps) <= _SHORT:
        return each(fields, lambda field: cv2.sepFilter2D(field, -1, taps, taps, borderType=cv2.BORDER_REFLECT))
    rows, columns = (_gaussian_gains(sigma, length) for length in fields.shape[1:])
    return each(fields, lambda field: fft.idctn(fft.dctn(field) * rows[:, None] * columns))


@functools.lru_cache(maxsize=16)
def _gaussian_gains(sigma: float, length: int) -> Floats:
    taps = _gaussian_taps(sigma, truncate=3)
    reach = len(taps) // 2
    waves = np.outer(np.arange(length), np.arange(-reach, reach + 1)) * (np.pi / length)
    return np.asarray(np.cos(waves) @ taps, dtype=np.float64)


def _gaussian_taps(sigma: float, *, truncate: int) -> Floats:
    reach = int(truncate * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2) if reach else np.ones(1)
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def correlate(images: Reals, kernel: Floats) -> Reals:
    """Sum of neighbours weighted by a kernel (k, k), k odd; borders mirrored without the edge pixel."""
    return each(images, lambda image: cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101))


def disk_kernel(radius: float, alias_blur: float) -> Floats:
    """Antialiased disk of ImageNet-C's defocus: the pixels within `radius`, then a Gaussian of 3 taps (5 above 8).

    Returns (k, k) without its empty borders. Both lengths in pixels. The published code mirrors the Gaussian at the
    border of its own grid, so that a disk that touches it, radius 8 or 10, sums to a little more than 1.
    """
    reach = 8 if radius <= 8 else int(radius)
    offsets = np.arange(-reach, reach + 1)
    disk = (offsets[:, None] ** 2 + offsets**2 <= radius**2).astype(np.float64)
    half = 1 if radius <= 8 else 2
    taps = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * alias_blur**2))
    disk /= disk.sum()
    for axis in (0, 1):
        disk = ndimage.correlate1d(disk, taps / taps.sum(), axis=axis, mode="mirror")
    disk[disk < 1e-12] = 0  # the tails of a narrow Gaussian, on which the processor is slow
    empty = int(np.argmax(disk.any(axis=0)))
    return disk[empty : len(disk) - empty, empty : len(disk) - empty]


def motion(images: Reals, angles: Floats, constants: Motion) -> Reals:
    """ImageMagick's motion blur in the direction of `angles` (n,), in degrees; borders repeated.

    The streak starts at the pixel: tap i has the weight exp(-i**2 / (2 sigma**2)) of 2 * ceil(radius) + 1 and takes the
    pixel at i * (cos, sin), rounded by ceil(. - 1/2) (`MotionBlurImage` in ImageMagick's effect.c).
    """
    steps = np.arange(2 * math.ceil(constants.radius) + 1)
    weights = np.exp(-(steps**2) / (2 * constants.sigma**2))
    weights /= weights.sum()
    blurred = np.zeros_like(images)
    for image, angle, total in zip(images, np.deg2rad(angles).tolist(), blurred, strict=True):
        height, width, channels = image.shape
        reach = len(steps)
        framed = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
        framed = framed.reshape(height + 2 * reach, width + 2 * reach, channels)
        streak: dict[tuple[int, int], float] = {}
        for step, weight in enumerate(weights.tolist()):
            pixel = math.ceil(step * math.sin(angle) - 0.5), math.ceil(step * math.cos(angle) - 0.5)
            streak[pixel] = streak.get(pixel, 0.0) + weight
        for (down, right), weight in streak.items():
            moved = framed[reach + down : reach + down + height, reach + right : reach + right + width]
            cv2.scaleAdd(moved, weight, total, total)
    return blurred


def zoom(images: Reals, factor: float) -> Reals:
    """Enlarge (n, h, h, c) by `factor` >= 1 and crop to the same shape, bilinear: ImageNet-C's `clipped_zoom`.

    That cuts out a middle of whole pixels, stretches it as `scipy.ndimage.zoom` does, corner to corner, and cuts out
    the middle of that, so that the centre may move by a part of a pixel. float32: in float64 OpenCV rounds coordinates.
    """
    rows, columns = _zoom_maps(images.shape[1], factor)
    return each(
        images, lambda image: cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


@functools.lru_cache(maxsize=64)
def _zoom_maps(side: int, factor: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    cut = math.ceil(side / factor)
    stretched = round(cut * factor)
    pixels = np.arange(side) + (stretched - side) // 2
    lines = ((side - cut) // 2 + pixels * ((cut - 1) / (stretched - 1))).astype(np.float32)
    rows, columns = np.meshgrid(lines, lines, indexing="ij")
    return rows, columns
