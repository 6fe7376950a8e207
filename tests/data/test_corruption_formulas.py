"""Each published formula recomputed another way: image by image, by another library, or by its statistics."""

import colorsys
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, signal, stats

from lesion.data.corruptions import digital, filters, weather
from lesion.data.corruptions.constants import Saturate
from lesion.data.corruptions.corrupt import SEVERITIES, corrupt
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.plasma import plasma
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from tests.data.corruption_images import colours, digits

Floats = NDArray[np.float64]
DIGITS = digits(40)
COLOURS = colours(5, 32)
GREY = np.full((400, 8, 8, 1), 128, np.uint8)
UNUSED = CounterRandom(np.arange(0), ())

severities = pytest.mark.parametrize("severity", SEVERITIES)


def damaged(images: NDArray[np.uint8], corruption: str, severity: int) -> NDArray[np.uint8]:
    return corrupt(images, np.arange(len(images)), corruption=corruption, severity=severity)


def to_uint8(values: Floats) -> NDArray[np.uint8]:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def assert_equal_up_to_rounding(found: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found != expected).mean() < 0.02


# Noise: statistics of mid-grey images, where nothing is clipped.


@severities
def test_gaussian_noise_has_its_standard_deviation(severity: int) -> None:
    noise = damaged(GREY, "gaussian-noise", severity) / 255 - 128 / 255
    scale = SIDE_8.gaussian_noise[severity - 1]
    assert abs(noise.mean()) < 5 * scale / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(scale, rel=0.03)


@severities
def test_speckle_noise_is_proportional_to_the_pixel(severity: int) -> None:
    noise = damaged(GREY, "speckle-noise", severity) / 255 - 128 / 255
    assert noise.std() == pytest.approx(SIDE_8.speckle_noise[severity - 1] * 128 / 255, rel=0.03)
    assert damaged(np.zeros_like(GREY), "speckle-noise", severity).max() == 0


@severities
def test_shot_noise_counts_photons(severity: int) -> None:
    photons = SIDE_8.shot_noise[severity - 1]
    corrupted = damaged(GREY, "shot-noise", severity) / 255
    expected = 128 / 255
    assert corrupted.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / photons / corrupted.size))
    assert corrupted.var() == pytest.approx(expected / photons, rel=0.05)


@severities
def test_impulse_noise_is_salt_and_pepper_in_equal_parts(severity: int) -> None:
    corrupted = damaged(GREY, "impulse-noise", severity)
    hits = [int((corrupted == value).sum()) for value in (0, 255)]
    for count in hits:
        assert stats.binomtest(count, corrupted.size, SIDE_8.impulse_noise[severity - 1] / 2).pvalue > 1e-4
    assert (corrupted == 128).sum() + sum(hits) == corrupted.size


# Blur.


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
    largest = SIDE_8.zoom_blur[severity - 1]
    factors = np.arange(1, largest + 0.005, 0.01)
    found = damaged(DIGITS[:5], "zoom-blur", severity)
    for n in range(5):
        image = DIGITS[n, ..., 0] / 255
        layers = [
            ndimage.affine_transform(image, np.eye(2) / z, offset=3.5 - 3.5 / z, order=1, mode="nearest")
            for z in factors
        ]
        assert_equal_up_to_rounding(found[n, ..., 0], to_uint8((image + np.sum(layers, axis=0)) / (len(layers) + 1)))


# Weather.


@severities
def test_brightness_raises_the_value_of_hsv(severity: int) -> None:
    shift = SIDE_32.brightness[severity - 1]
    found = weather.brightness(COLOURS / 255, UNUSED, shift)
    np.testing.assert_allclose(found, _through_hsv(COLOURS, 1, 0, shift), atol=1e-12)
    found = weather.brightness(DIGITS / 255, UNUSED, shift)
    np.testing.assert_allclose(found, np.minimum(DIGITS / 255 + shift, 1), atol=1e-12)


@pytest.mark.parametrize("decay", [1.5, 3.0])
def test_plasma_spans_zero_to_one_and_a_larger_decay_is_smoother(decay: float) -> None:
    clouds = plasma(CounterRandom(np.arange(50), ("test",)), side=16, decay=decay)
    assert clouds.shape == (50, 16, 16)
    np.testing.assert_array_equal(clouds.min(axis=(1, 2)), 0)
    np.testing.assert_array_equal(clouds.max(axis=(1, 2)), 1)
    smoother = plasma(CounterRandom(np.arange(50), ("test",)), side=16, decay=decay + 1)
    assert np.abs(np.diff(smoother, axis=2)).mean() < np.abs(np.diff(clouds, axis=2)).mean()


@severities
def test_fog_of_a_black_image_is_black_and_of_a_white_one_at_most_white(severity: int) -> None:
    amount = SIDE_8.fog[severity - 1].amount
    assert damaged(np.zeros_like(GREY), "fog", severity).max() == 0
    foggy = damaged(np.full_like(GREY, 255), "fog", severity)
    # x = max = 1: (1 + amount * cloud) / (1 + amount), and every cloud spans [0, 1].
    assert set(foggy.max(axis=(1, 2, 3))) == {255}
    assert set(foggy.min(axis=(1, 2, 3))) == {round(255 / (1 + amount))}


@severities
def test_frost_is_a_weighted_sum_with_ice_between_a_quarter_and_one(severity: int) -> None:
    image, ice = SIDE_8.frost[severity - 1]
    frozen = damaged(np.full_like(GREY, 100), "frost", severity) / 255
    sheet = (frozen - image * 100 / 255) / ice
    assert 0.24 < sheet.min() < 0.3
    assert 0.95 < sheet.max() < 1.01
    assert sheet.std() > 0.1


@severities
def test_snow_on_black_is_the_same_when_turned_round(severity: int) -> None:
    # Black is whitened evenly, and the flakes are added with their half turn.
    snowed = damaged(np.zeros_like(GREY), "snow", severity)
    np.testing.assert_array_equal(snowed, snowed[:, ::-1, ::-1])
    assert snowed.min() >= round(255 * 0.5 * (1 - SIDE_8.snow[severity - 1].blend)) - 1


@severities
def test_water_brightens_to_its_intensity_and_mud_darkens_to_its_colour(severity: int) -> None:
    constants = SIDE_32.spatter[severity - 1]
    black, white = (damaged(np.full_like(COLOURS, value), "spatter", severity) for value in (0, 255))
    if constants.mud:
        assert np.all(white.min(axis=(0, 1, 2)) <= np.array([63, 42, 20]) + 60)
        assert np.all(black.max(axis=(0, 1, 2)) <= [63, 42, 20])
    else:
        peak = np.rint(np.array([175, 238, 238]) * constants.intensity)
        np.testing.assert_allclose(black.max(axis=(1, 2)), np.broadcast_to(peak, (len(black), 3)), atol=1)
        assert white.min() == 255


# Digital.


@severities
def test_contrast_shrinks_towards_the_mean_of_each_channel(severity: int) -> None:
    factor = SIDE_32.contrast[severity - 1]
    for image, found in zip(COLOURS / 255, damaged(COLOURS, "contrast", severity), strict=True):
        for channel in range(3):
            mean = image[..., channel].mean()
            expected = to_uint8(factor * image[..., channel] + (1 - factor) * mean)
            assert_equal_up_to_rounding(found[..., channel], expected)


@severities
def test_elastic_transform_in_two_steps(severity: int) -> None:
    """The published way: solve for the affine map of three points, warp, then displace; with smooth images as input."""
    alpha, sigma, affine = SIDE_32.elastic_transform[severity - 1]
    grid = np.linspace(0, np.pi, 32)
    smooth = to_uint8(0.5 + 0.4 * np.outer(np.cos(grid), np.cos(2 * grid)))[None, ..., None]
    stream = CounterRandom(np.zeros(1, int), ("corruption", "elastic-transform", severity))
    centre, arm = 16, 10
    points = centre + arm * np.array([[1, 1], [1, -1], [-1, -1]])
    moved = points + stream.uniform("affine", (3, 2), -affine, affine)[0]
    backwards = np.linalg.solve(np.c_[moved, np.ones(3)], points).T
    warped = ndimage.affine_transform(
        smooth[0, ..., 0] / 255, backwards[:, :2], backwards[:, 2], order=1, mode="mirror"
    )
    noise = stream.uniform("displacement", (32, 32, 2), -1, 1)[0]
    wave = [alpha * ndimage.gaussian_filter(noise[..., i], sigma, mode="nearest") for i in (0, 1)]
    rows, columns = np.mgrid[:32, :32]
    expected = ndimage.map_coordinates(warped, [rows + wave[0], columns + wave[1]], order=1, mode="mirror")
    found = damaged(smooth, "elastic-transform", severity)[0, ..., 0] / 255
    inside = (slice(5, -5), slice(5, -5))
    assert np.abs(found - expected)[inside].max() < 0.02


@severities
def test_pixelate_is_pillows_box_filter_twice(severity: int) -> None:
    for images, side, size in ((DIGITS, 8, SIDE_8.pixelate), (COLOURS[..., :1], 32, SIDE_32.pixelate)):
        small = (size[severity - 1],) * 2
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
    np.testing.assert_allclose(found, _through_hsv(COLOURS, factor, shift, 0), atol=1e-12)


def _through_hsv(images: NDArray[np.uint8], factor: float, shift: float, lift: float) -> Floats:
    changed = []
    for red, green, blue in images.reshape(-1, 3) / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        saturation, value = min(saturation * factor + shift, 1), min(value + lift, 1)
        changed.append(colorsys.hsv_to_rgb(hue, saturation, value))
    return np.array(changed).reshape(images.shape)
