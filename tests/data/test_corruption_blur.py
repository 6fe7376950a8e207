"""Blur: as published on photographs, and on digits, where the formulas differ, recomputed image by image."""

import numpy as np
import pytest
from scipy import ndimage, signal, stats

from lesion.data.corruptions import filters
from lesion.data.corruptions.corrupt import SEVERITIES
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from tests.data.corruption_images import assert_as_published, assert_equal_up_to_rounding, damaged, digits, to_uint8
from tests.data.photographs import on_photographs

DIGITS = digits(40)
# The formula rounds to 8 bits in between, where a tie may go either way and change what follows.
ROUNDED_WITHIN = {"glass-blur": 1e-4, "motion-blur": 1e-4}
severities = pytest.mark.parametrize("severity", SEVERITIES)


@severities
@on_photographs
@pytest.mark.parametrize("corruption", ["defocus-blur", "glass-blur", "motion-blur", "zoom-blur", "gaussian-blur"])
def test_as_published_on_photographs(corruption: str, source: str, side: int, severity: int) -> None:
    assert_as_published(corruption, source, side, severity, elsewhere=ROUNDED_WITHIN.get(corruption, 0))


@severities
def test_gaussian_blur_is_a_product_of_two_gaussians(severity: int) -> None:
    sigma = SIDE_8.gaussian_blur[severity - 1]
    reach = int(4 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    expected = [signal.convolve2d(np.pad(i[..., 0] / 255, reach, "edge"), kernel, "valid") for i in DIGITS]
    assert_equal_up_to_rounding(damaged(DIGITS, "gaussian-blur", severity)[..., 0], to_uint8(np.array(expected)))


@severities
def test_defocus_blur_is_a_correlation_with_a_soft_disk(severity: int) -> None:
    radius, alias = SIDE_8.defocus_blur[severity - 1]
    grid = np.arange(-8, 9)
    disk = (np.add.outer(grid**2, grid**2) <= radius**2).astype(float)
    soft = np.exp(-np.array([1, 0, 1]) / (2 * alias**2))
    kernel = signal.convolve2d(disk / disk.sum(), np.outer(soft, soft) / soft.sum() ** 2, "same")
    # scipy's "mirror" is the border of cv2.filter2D, the image without its edge pixel.
    expected = [ndimage.correlate(i[..., 0] / 255, kernel, mode="mirror") for i in DIGITS]
    assert_equal_up_to_rounding(damaged(DIGITS, "defocus-blur", severity)[..., 0], to_uint8(np.array(expected)))


def test_a_disk_of_one_and_a_half_pixels_is_a_three_by_three_mean() -> None:
    kernel = filters.disk_kernel(*SIDE_32.defocus_blur[4])
    middle = len(kernel) // 2
    np.testing.assert_allclose(kernel[middle - 1 : middle + 2, middle - 1 : middle + 2], 1 / 9, atol=1e-12)


@severities
def test_glass_blur_moves_values_and_makes_none(severity: int) -> None:
    sigma, reach, iterations, share = SIDE_8.glass_blur[severity - 1]
    stream = CounterRandom(np.arange(3), ("corruption", "glass-blur", severity))
    draws = {name: stream.uniform(name, (iterations, 8, 8), -reach, reach) for name in ("down", "right")}
    moves = stream.uniform("share", (iterations, 8, 8)) < share
    found = damaged(DIGITS[:3], "glass-blur", severity)
    for n in range(3):
        image = ndimage.gaussian_filter(DIGITS[n, ..., 0] / 255, sigma, mode="nearest")
        before = np.sort(image.ravel())
        for i, row, column in np.ndindex(iterations, 6, 6):
            r, c = 7 - row, 7 - column
            if moves[n, i, r, c]:
                r2, c2 = r + int(np.floor(draws["down"][n, i, r, c])), c + int(np.floor(draws["right"][n, i, r, c]))
                image[r, c], image[r2, c2] = image[r2, c2], image[r, c]
        np.testing.assert_array_equal(np.sort(image.ravel()), before)
        expected = ndimage.gaussian_filter(image, sigma, mode="nearest")
        assert_equal_up_to_rounding(found[n, ..., 0], to_uint8(expected))


@severities
def test_motion_blur_is_a_weighted_mean_of_shifted_images(severity: int) -> None:
    radius, sigma, step = SIDE_8.motion_blur[severity - 1]
    stream = CounterRandom(np.arange(5), ("corruption", "motion-blur", severity))
    angles = np.deg2rad(stream.uniform("angle", (), -45, 45))
    weights = stats.norm.pdf(np.arange(2 * radius + 1), scale=sigma)
    found = damaged(DIGITS[:5], "motion-blur", severity)
    for n, angle in enumerate(angles):
        total = np.zeros((8, 8))
        for i, weight in enumerate(weights):
            towards = (-i * step * np.sin(angle), -i * step * np.cos(angle))
            total += weight * ndimage.shift(DIGITS[n, ..., 0] / 255, towards, order=1, mode="nearest")
        assert_equal_up_to_rounding(found[n, ..., 0], to_uint8(total / weights.sum()))


@severities
def test_zoom_blur_is_a_mean_of_enlarged_images(severity: int) -> None:
    factors = SIDE_8.zoom_blur[severity - 1]
    np.testing.assert_allclose(factors, np.arange(1, 1.05 * severity - (severity - 1) + 0.005, 0.01))
    found = damaged(DIGITS[:5], "zoom-blur", severity)
    for n in range(5):
        image = DIGITS[n, ..., 0] / 255
        layers = [
            ndimage.affine_transform(image, np.eye(2) / z, offset=3.5 - 3.5 / z, order=1, mode="nearest")
            for z in factors
        ]
        assert_equal_up_to_rounding(found[n, ..., 0], to_uint8((image + np.sum(layers, axis=0)) / (len(layers) + 1)))
