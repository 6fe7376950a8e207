"""Images for the tests of corruptions, the random numbers of one of them, and the distance to what is published."""

import colorsys
import importlib.util

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import stats
from sklearn.datasets import load_digits

from lesion.data.corruptions.corrupt import corrupt
from lesion.data.corruptions.counter_random import CounterRandom
from tests.data.photographs import photographs
from tests.data.published_corruptions import published

Floats = NDArray[np.float64]
HAS_FROST = importlib.util.find_spec("imagecorruptions") is not None
without_photographs = pytest.mark.skipif(not HAS_FROST, reason="pip install --no-deps imagecorruptions")


def each_of(names: list[str]) -> pytest.MarkDecorator:
    """Parametrises a test by these corruptions; frost is skipped where its photographs are not installed."""
    marked = [pytest.param(name, marks=without_photographs) if name == "frost" else name for name in names]
    return pytest.mark.parametrize("corruption", marked)


def digits(count: int) -> NDArray[np.uint8]:
    """The first UCI digits, 0..16 stretched to 0..255; uint8 (count, 8, 8, 1)."""
    images: NDArray[np.float64] = load_digits().images[:count, ..., None]
    return np.rint(images * 255 / 16).astype(np.uint8)


def colours(count: int, side: int) -> NDArray[np.uint8]:
    """Digits of three hues drawn over one another, enlarged smoothly; uint8 (count, side, side, 3)."""
    grey = digits(count + 2)
    mixed = np.concatenate([grey[:-2], grey[1:-1] // 2, grey[2:] // 3 + 40], axis=-1)
    return np.stack(
        [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) for image in mixed]
    )


class CounterDraws:
    """The numbers that `corrupt` takes for one example."""

    def __init__(self, example_id: int, corruption: str, severity: int) -> None:
        names = ("corruption", corruption.removeprefix("procedural-"), severity)
        self.stream = CounterRandom(np.array([example_id]), names)

    def uniform(self, draw: str, shape: tuple[int, ...], low: float = 0, high: float = 1) -> Floats:
        return np.asarray(self.stream.uniform(draw, shape, low, high)[0])

    def normal(self, draw: str, shape: tuple[int, ...]) -> Floats:
        return np.asarray(stats.norm.ppf(self.uniform(draw, shape)))

    def poisson(self, draw: str, rates: Floats) -> Floats:
        # scipy puts the count of rate zero at -1 or nan, by version; it is 0.
        return np.where(rates == 0, 0, stats.poisson.ppf(self.uniform(draw, rates.shape), rates))


def damaged(images: NDArray[np.uint8], corruption: str, severity: int) -> NDArray[np.uint8]:
    return corrupt(images, np.arange(len(images)), corruption=corruption, severity=severity)


def to_uint8(values: Floats) -> NDArray[np.uint8]:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def assert_equal_up_to_rounding(found: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found != expected).mean() < 0.02


def through_hsv(images: NDArray[np.uint8], factor: float, shift: float, lift: float) -> Floats:
    """Saturation times `factor` plus `shift` and value plus `lift`, pixel by pixel; float64 in [0, 1]."""
    changed = []
    for red, green, blue in images.reshape(-1, 3) / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        saturation, value = min(saturation * factor + shift, 1), min(value + lift, 1)
        changed.append(colorsys.hsv_to_rgb(hue, saturation, value))
    return np.array(changed).reshape(images.shape)


def distance_to_published(corruption: str, source: str, side: int, severity: int, count: int) -> Floats:
    """How much further than half a level `corrupt` ends from the published code, by value of photographs.

    (count, side, side, 3), in levels of 255. At most zero where the unrounded published values, with the same random
    numbers, round to what `corrupt` returns; so a tie may go either way.
    """
    images, ids = photographs(source, side, count), np.arange(count) * 11 + 3
    found = corrupt(images, ids, corruption=corruption, severity=severity)
    expected = [
        published(corruption, image, severity, CounterDraws(example_id, corruption, severity))
        for image, example_id in zip(images, ids.tolist(), strict=True)
    ]
    return np.abs(found - np.stack(expected)) - 0.5


def assert_as_published(corruption: str, source: str, side: int, severity: int, *, elsewhere: float = 0) -> None:
    """Photographs come out as published, to 1/500 of a level before rounding, but for a share `elsewhere` of values."""
    distance = distance_to_published(corruption, source, side, severity, count={32: 8, 299: 1}.get(side, 2))
    assert (distance > 0.002).mean() <= elsewhere
