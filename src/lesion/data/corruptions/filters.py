"""Blurs of batches of images. OpenCV filters each image separately, so the result does not depend on the others."""

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

cv2.setNumThreads(1)  # the engine decides how many cores a job uses

Reals = NDArray[np.floating[Any]]
_Real = TypeVar("_Real", bound=np.floating[Any])
_SHORT = 64  # taps; a longer filter is faster by the cosine transform


def each(images: NDArray[_Real], change: Callable[[NDArray[_Real]], NDArray[Any]]) -> NDArray[_Real]:
    """Apply `change` to each image, (h, w, c) or (h, w). A last axis of length 1 that OpenCV drops is restored."""
    changed = np.empty_like(images)
    for image, result in zip(images, changed, strict=True):
        result[:] = change(image).reshape(image.shape)
    return changed


def to_levels(values: Reals) -> NDArray[np.uint8]:
    """Clip values to [0, 1] and round them to the nearest 8-bit level."""
    levels = np.clip(values, 0, 1)
    levels *= 255
    return np.rint(levels, out=levels).astype(np.uint8)


def cut_to_levels(values: Reals) -> NDArray[np.uint8]:
    """Clip values to [0, 1] and cut them to the 8-bit level below, as the published code does within formulas."""
    levels = np.clip(values, 0, 1)
    levels *= 255
    return levels.astype(np.uint8)


def gaussian(images: Reals, sigma: float) -> Reals:
    """Gaussian blur of (n, h, w, c), borders repeated, cut off at 4 sigma, as in skimage.filters.gaussian."""
    taps = _gaussian_taps(sigma, truncate=4)
    return each(images, lambda image: cv2.sepFilter2D(image, -1, taps, taps, borderType=cv2.BORDER_REPLICATE))


def gaussian_levels(images: Reals, sigma: float) -> NDArray[np.uint8]:
    """`gaussian`, cut to the 8-bit level below: uint8 (n, h, w, c).

    By the same function, in the same precision, as the published code: in even areas the mean of equal values ends a
    rounding error above or below a level, and cutting would make a whole level of the difference.
    """
    exact = to_levels(images) / 255
    return cut_to_levels(ndimage.gaussian_filter(exact, (0, sigma, sigma, 0), mode="nearest", truncate=4.0))


def gaussian_mirrored(fields: Floats, sigma: float) -> Floats:
    """Gaussian blur of (n, h, w), borders mirrored with the edge pixel, cut off at 3 sigma, which may exceed the side.

    With this border a symmetric filter multiplies the coefficients of the discrete cosine transform (Strang 1999). That
    is faster for long filters.
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
    """Antialiased disk of ImageNet-C's defocus blur: (k, k) without empty borders. Both lengths are in pixels.

    The pixels within `radius`, smoothed by a Gaussian of 3 taps (5 taps for a radius above 8). The published code
    mirrors the Gaussian at the border of its grid, so a disk of radius 8 or 10, which touches the border, sums to a
    little more than 1.
    """
    reach = 8 if radius <= 8 else int(radius)
    offsets = np.arange(-reach, reach + 1)
    disk = (offsets[:, None] ** 2 + offsets**2 <= radius**2).astype(np.float64)
    half = 1 if radius <= 8 else 2
    taps = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * alias_blur**2))
    disk /= disk.sum()
    for axis in (0, 1):
        disk = ndimage.correlate1d(disk, taps / taps.sum(), axis=axis, mode="mirror")
    disk[disk < 1e-12] = 0  # tails of a narrow Gaussian; tiny numbers are slow
    empty = int(np.argmax(disk.any(axis=0)))
    return disk[empty : len(disk) - empty, empty : len(disk) - empty]


def motion(images: Reals, angles: Floats, constants: Motion) -> Reals:
    """ImageMagick's motion blur in the direction of `angles` (n,), in degrees; borders repeated.

    The streak starts at the pixel and has 2 * ceil(radius) + 1 taps. Tap i has a weight proportional to
    exp(-i**2 / (2 sigma**2)) and reads the pixel at i * (cos, sin), rounded by ceil(. - 1/2) (`MotionBlurImage` in
    ImageMagick's effect.c).
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
    """Enlarge (n, h, h, c) by `factor` >= 1, bilinear, cropped to the same shape: ImageNet-C's `clipped_zoom`.

    It cuts out a middle of whole pixels, stretches it corner to corner as `scipy.ndimage.zoom` does, and cuts out the
    middle of the result, so the centre may move by a part of a pixel. In float32, since OpenCV rounds the coordinates
    of float64 images.
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
