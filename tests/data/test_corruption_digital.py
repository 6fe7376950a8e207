"""Digital: as published on photographs, and recomputed where the formulas for digits differ."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from lesion.data.corruptions import digital
from lesion.data.corruptions.constants import Saturate
from lesion.data.corruptions.corrupt import SEVERITIES
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from tests.data.corruption_images import (
    CounterDraws,
    Floats,
    assert_as_published,
    assert_equal_up_to_rounding,
    colours,
    damaged,
    digits,
    through_hsv,
    to_uint8,
)
from tests.data.photographs import PACKAGED, on_photographs, photographs

DIGITS = digits(40)
COLOURS = colours(5, 32)
UNUSED = CounterRandom(np.arange(0), ())
severities = pytest.mark.parametrize("severity", SEVERITIES)


@severities
@on_photographs
@pytest.mark.parametrize("corruption", ["contrast", "elastic-transform", "pixelate", "jpeg-compression", "saturate"])
def test_as_published_on_photographs(corruption: str, source: str, side: int, severity: int) -> None:
    assert_as_published(corruption, source, side, severity)


@severities
def test_contrast_shrinks_towards_the_mean_of_each_channel(severity: int) -> None:
    factor = SIDE_32.contrast[severity - 1]
    for image, found in zip(COLOURS / 255, damaged(COLOURS, "contrast", severity), strict=True):
        for channel in range(3):
            mean = image[..., channel].mean()
            expected = to_uint8(factor * image[..., channel] + (1 - factor) * mean)
            assert_equal_up_to_rounding(found[..., channel], expected)


@severities
def test_elastic_transform_of_digits_resamples_once(severity: int) -> None:
    alpha, sigma, affine = SIDE_8.elastic_transform[severity - 1]
    found = damaged(DIGITS[:5], "elastic-transform", severity)[..., 0]
    for n in range(5):
        draws = CounterDraws(n, "elastic-transform", severity)
        points = 4 + 2 * np.array([[1, 1], [1, -1], [-1, -1]])
        backwards = _affine(points + draws.uniform("affine", (3, 2), -affine, affine), points)
        noise = draws.uniform("displacement", (8, 8, 2), -1, 1)
        wave = [alpha * ndimage.gaussian_filter(noise[..., i], sigma, mode="nearest") for i in (0, 1)]
        places = np.einsum("ij,jkl->ikl", backwards[:, :2], np.mgrid[:8, :8] + wave) + backwards[:, 2, None, None]
        expected = ndimage.map_coordinates(DIGITS[n, ..., 0] / 255, places, order=1, mode="mirror")
        assert_equal_up_to_rounding(found[n], to_uint8(expected))


def test_the_mildest_elastic_transform_of_32_pixels_is_an_affine_map_of_three_points() -> None:
    images = photographs(PACKAGED, 32, 4)
    found = damaged(images, "elastic-transform", 1)
    for n, image in enumerate(images):
        points = 16 + 10 * np.array([[1, 1], [1, -1], [-1, -1]])  # (x, y), as OpenCV has it
        moved = points + CounterDraws(n, "elastic-transform", 1).uniform("affine", (3, 2), -2.56, 2.56)
        backwards = _affine(moved[:, ::-1], points[:, ::-1])
        for channel in range(3):
            plane = image[..., channel] / 255
            expected = ndimage.affine_transform(plane, backwards[:, :2], backwards[:, 2], order=1, mode="mirror")
            assert_equal_up_to_rounding(found[n, ..., channel], to_uint8(expected))


def _affine(points: Floats, images: Floats) -> Floats:
    """The map (2, 3) that takes three points to their images."""
    return np.asarray(np.linalg.solve(np.c_[points, np.ones(3)], images).T)


@severities
def test_pixelate_is_pillows_box_filter_twice(severity: int) -> None:
    for images, side, size in ((DIGITS, 8, SIDE_8.pixelate), (COLOURS[..., :1], 32, SIDE_32.pixelate)):
        small = (int(side * size[severity - 1]),) * 2
        found = damaged(images, "pixelate", severity)[..., 0]
        for image, pixels in zip(images[..., 0], found, strict=True):
            expected = Image.fromarray(image).resize(small, Image.Resampling.BOX)
            expected = expected.resize((side, side), Image.Resampling.BOX)
            # Pillow rounds after each of its four passes.
            assert np.abs(pixels.astype(int) - np.asarray(expected)).max() <= 2


@severities
@pytest.mark.parametrize("images", [DIGITS, COLOURS], ids=["grey", "colour"])
def test_jpeg_compression_is_pillow_image_by_image(images: NDArray[np.uint8], severity: int) -> None:
    found = damaged(images, "jpeg-compression", severity)
    for image, pixels in zip(images, found, strict=True):
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=SIDE_8.jpeg_compression[severity - 1])
        np.testing.assert_array_equal(pixels.squeeze(), np.asarray(Image.open(file)))


@severities
def test_saturate_scales_and_shifts_the_saturation_of_hsv(severity: int) -> None:
    factor, shift = SIDE_32.saturate[severity - 1]
    found = digital.saturate(COLOURS / 255, UNUSED, Saturate(factor, shift))
    np.testing.assert_allclose(found, through_hsv(COLOURS, factor, shift, 0), atol=1e-12)
