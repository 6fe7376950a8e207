import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lesion.data.stroke import QUARTILES, attributes, ink, quartile, slant, stroke_width

Images = npt.NDArray[np.uint8]

FINE = 16  # pixels of a drawing to a pixel of the image
ANY = arrays(np.uint8, (3, 8, 8))


def bar(*, width: float, lean: float, side: int = 8) -> Images:
    """A bar from top to bottom, `lean` degrees to the right, as an image of one: its coverage of each pixel."""
    row, column = (np.indices((side * FINE, side * FINE)) + 0.5) / FINE - side / 2
    inside = np.abs(column + row * np.tan(np.radians(lean))) <= width / 2 / np.cos(np.radians(lean))
    coverage = inside.reshape(side, FINE, side, FINE).mean(axis=(1, 3))
    return np.asarray(np.round(255 * coverage)[None], dtype=np.uint8)


@settings(max_examples=40)
@given(images=ANY)
def test_ink_is_the_sum_of_the_pixels(images: Images) -> None:
    expected = [sum(int(pixel) for pixel in image.ravel()) / 255 for image in images]
    np.testing.assert_allclose(ink(images), expected, rtol=1e-14)


@settings(max_examples=40)
@given(images=ANY.filter(lambda images: (images.any(axis=2).sum(axis=1) > 1).all()))
def test_slant_is_the_line_of_least_squares_through_the_ink(images: Images) -> None:
    row, column = np.indices((8, 8))
    for image, found in zip(images, slant(images), strict=True):
        inked = image > 0
        slope = np.polyfit(row[inked], column[inked], 1, w=np.sqrt(image[inked].astype(float)))[0]
        assert np.tan(np.radians(found)) == pytest.approx(-slope, abs=1e-7)


@pytest.mark.parametrize("lean", [-20, -10, 0, 5, 15])
@pytest.mark.parametrize("width", [1.0, 2.0])
def test_slant_is_the_angle_of_a_leaning_bar_positive_to_the_right(lean: float, width: float) -> None:
    assert slant(bar(width=width, lean=lean))[0] == pytest.approx(lean, abs=1)


@settings(max_examples=40)
@given(images=ANY)
def test_a_mirror_turns_the_slant_round_and_leaves_the_rest_alone(images: Images) -> None:
    mirrored = images[:, :, ::-1]
    np.testing.assert_allclose(slant(mirrored), -slant(images), rtol=1e-12)  # one quotient and one angle, in float64
    np.testing.assert_array_equal(ink(mirrored), ink(images))


@pytest.mark.parametrize("lean", [0, 10, 20])
@pytest.mark.parametrize("width", [2.0, 3.0, 5.0])
def test_stroke_width_of_a_long_bar_is_its_width(lean: float, width: float) -> None:
    found = stroke_width(bar(width=width, lean=lean, side=48))[0]
    assert found == pytest.approx(width * 48 / (48 + width), rel=0.1)  # the ends are outline, too


def test_a_bar_of_one_pixel_is_one_wide_but_for_its_ends() -> None:
    image = np.zeros((1, 8, 8), dtype=np.uint8)
    image[0, :, 3] = 255
    # forward differences: both sides of each of eight pixels, and the two ends; a corner's two gradients are one root
    assert stroke_width(image)[0] == pytest.approx(2 * 8 / (1 + 7 + 7 + 1 + np.sqrt(2)), rel=1e-12)


@settings(max_examples=30)
@given(images=arrays(np.uint8, (2, 6, 6), elements=st.integers(0, 85)), down=st.integers(0, 6), right=st.integers(0, 6))
def test_stroke_width_depends_neither_on_the_place_nor_on_the_darkness(images: Images, down: int, right: int) -> None:
    moved = np.pad(3 * images, ((0, 0), (down, 6 - down), (right, 6 - right)))
    np.testing.assert_allclose(stroke_width(moved), stroke_width(images), rtol=1e-12)


def test_stroke_width_ranks_drawn_curves_by_the_pen_that_drew_them() -> None:
    rng = np.random.default_rng(7)
    pixel = np.moveaxis(np.indices((32, 32)), 0, -1) + 0.5
    pens, images = rng.uniform(2.5, 8, 300), np.empty((300, 8, 8), dtype=np.uint8)
    for place, pen in enumerate(pens):
        ends = rng.uniform([4, 6], [28, 26], (4, 2))  # the four points of a Bézier curve
        t = np.linspace(0, 1, 60)[:, None]
        curve = sum(count * t**k * (1 - t) ** (3 - k) * ends[k] for k, count in enumerate((1, 3, 3, 1)))
        distance = np.linalg.norm(pixel[:, :, None] - curve, axis=-1).min(axis=-1)
        images[place] = np.round(255 * (distance <= pen / 2).reshape(8, 4, 8, 4).mean(axis=(1, 3)))
    found = stroke_width(images)
    assert stats.spearmanr(found, pens).statistic > 0.85


def test_an_image_without_ink_measures_nothing() -> None:
    blank = np.zeros((2, 8, 8), dtype=np.uint8)
    for measure in (ink, slant, stroke_width):
        np.testing.assert_array_equal(measure(blank), [0, 0])


@settings(max_examples=60)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=60, unique=True))
def test_quartiles_are_those_of_pandas(values: list[float]) -> None:
    array = np.array(values)
    expected = pd.qcut(array, 4, labels=QUARTILES)
    assert quartile(array).tolist() == expected.tolist()


@settings(max_examples=60)
@given(values=st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_equal_values_are_in_one_quartile_and_names_sort_as_values_do(values: list[int]) -> None:
    found = quartile(np.array(values, dtype=np.float64))
    order = np.argsort(values, kind="stable")
    assert found[order].tolist() == sorted(found)
    assert len({(value, name) for value, name in zip(values, found, strict=True)}) == len(set(values))


def test_attributes_are_quartiles_of_each_measure() -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    found = attributes(images)
    assert list(found) == ["ink", "slant", "stroke-width"]
    for name, measure in zip(found, (ink, slant, stroke_width), strict=True):
        assert found[name].tolist() == quartile(measure(images[..., 0])).tolist()
        assert np.unique(found[name], return_counts=True)[1].tolist() == [10] * 4
