"""Weather: as published on photographs, and what is known of digits, where the formulas differ."""

import numpy as np
import pytest

from lesion.data.corruptions import frost_photographs, ice, weather
from lesion.data.corruptions.constants import Spatter
from lesion.data.corruptions.corrupt import SEVERITIES
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.plasma import plasma
from lesion.data.corruptions.side_8 import SIDE_8
from lesion.data.corruptions.side_32 import SIDE_32
from tests.data.corruption_images import (
    assert_as_published,
    colours,
    damaged,
    digits,
    each_of,
    through_hsv,
    without_photographs,
)
from tests.data.photographs import on_photographs

DIGITS = digits(40)
COLOURS = colours(5, 32)
GREY = np.full((400, 8, 8, 1), 128, np.uint8)
UNUSED = CounterRandom(np.arange(0), ())
# A flake at the threshold may fall or not, as single or double precision has it.
THRESHOLD_WITHIN = {"snow": 2e-3}
severities = pytest.mark.parametrize("severity", SEVERITIES)


@severities
@on_photographs
@each_of(["snow", "frost", "procedural-frost", "fog", "spatter", "brightness"])
def test_as_published_on_photographs(corruption: str, source: str, side: int, severity: int) -> None:
    assert_as_published(corruption, source, side, severity, elsewhere=THRESHOLD_WITHIN.get(corruption, 0))


@severities
def test_brightness_raises_the_value_of_hsv(severity: int) -> None:
    shift = SIDE_32.brightness[severity - 1]
    found = weather.brightness(COLOURS / 255, UNUSED, shift)
    np.testing.assert_allclose(found, through_hsv(COLOURS, 1, 0, shift), atol=1e-12)
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
def test_procedural_frost_is_a_weighted_sum_with_ice_between_a_quarter_and_one(severity: int) -> None:
    image, weight, _ = SIDE_8.frost[severity - 1]
    frozen = damaged(np.full_like(GREY, 100), "procedural-frost", severity) / 255
    sheet = (frozen - image * 100 / 255) / weight
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


def test_an_image_that_no_drop_has_hit_stays_as_it_is() -> None:
    constants = Spatter(0.5, 0.0, 1.0, 0.6, 0.5, mud=False)
    stream = CounterRandom(np.arange(5), ("test",))
    np.testing.assert_array_equal(weather.spatter(COLOURS / 255, stream, constants), COLOURS / 255)


@pytest.mark.parametrize(("scale", "side"), [(1.0, 512), (0.2, 102)])
@pytest.mark.parametrize("channels", [1, 3])
def test_sheets_of_ice_leave_room_to_cut_and_are_neither_dark_nor_white(scale: float, side: int, channels: int) -> None:
    sheets = ice.sheets(scale, 32, channels)
    assert sheets.shape == (5, side, side, channels)
    assert sheets.min() >= 0.05
    assert sheets.max() <= 1
    assert 0.35 < sheets.mean() < 0.55
    assert sheets.std() > 0.15


def test_a_sheet_of_ice_is_larger_than_any_image() -> None:
    assert ice.sheets(0.2, 119, 3).shape[1] > 119
    assert ice.sheets(1.0, 640, 1).shape[1] > 640


@without_photographs
@pytest.mark.parametrize(("scale", "side"), [(0.2, 28), (0.3, 64), (0.3, 119), (1.0, 299), (1.0, 384)])
@pytest.mark.parametrize("channels", [1, 3])
def test_photographs_of_frost_leave_room_to_cut(scale: float, side: int, channels: int) -> None:
    photographs = frost_photographs.scaled(scale, side, channels)
    assert len(photographs) == 5
    for photograph in photographs:
        assert photograph.dtype == np.uint8
        assert photograph.shape[2] == channels
        assert min(photograph.shape[:2]) > side
