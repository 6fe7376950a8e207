import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.data.dataset import Packed
from lesion.data.sets.mnist_8x8 import Options, load, reduce


@pytest.fixture(scope="module")
def reduced() -> Packed:
    return load(Options())


def test_five_thousand_images_all_for_testing(reduced: Packed) -> None:
    assert reduced.images.shape == (5000, 8, 8, 1)
    assert reduced.images.dtype == np.uint8
    assert not reduced.train.any()
    assert reduced.label.tolist() == np.repeat(np.arange(10), 500).tolist()  # in the order of their source


def test_a_pixel_has_one_of_seventeen_levels_as_those_of_uci(reduced: Packed) -> None:
    levels = {round(count * 255 / 16) for count in range(17)}
    assert set(np.unique(reduced.images).tolist()) <= levels
    assert (reduced.images.max(axis=(1, 2, 3)) > 0).all()


def test_every_digit_fills_the_height(reduced: Packed) -> None:
    inked = reduced.images[..., 0] > 0
    assert inked[:, 0].any(axis=1).all()
    assert inked[:, -1].any(axis=1).all()
    assert not inked[:, :, [0, -1]].any()  # three quarters of the width at most: a margin of a pixel on each side


def drawn(rows: slice, columns: slice, value: int = 255) -> npt.NDArray[np.uint8]:
    image = np.zeros((28, 28), dtype=np.uint8)
    image[rows, columns] = value
    return image


def test_a_square_of_ink_is_scaled_to_the_frame() -> None:
    expected = np.zeros((8, 8), dtype=np.uint8)
    expected[:, 1:7] = 255
    assert reduce(drawn(slice(4, 10), slice(4, 10)))[..., 0].tolist() == expected.tolist()


@settings(max_examples=30)
@given(down=st.integers(-4, 4), right=st.integers(-4, 4), seed=st.integers(0, 2**32 - 1))
def test_where_the_ink_lies_does_not_matter(down: int, right: int, seed: int) -> None:
    image = np.zeros((28, 28), dtype=np.uint8)
    image[4:24, 4:24] = np.random.default_rng(seed).integers(0, 256, (20, 20))
    image[10, 10] = 255
    moved = np.roll(image, (down, right), axis=(0, 1))
    np.testing.assert_array_equal(reduce(moved), reduce(image))


def test_faint_pixels_are_not_ink() -> None:
    image = drawn(slice(8, 20), slice(10, 14))
    smeared = image.copy()
    smeared[0, 0] = smeared[27, 27] = 63
    np.testing.assert_array_equal(reduce(smeared), reduce(image))
