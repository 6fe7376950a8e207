import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.data.augment import alternating, mirror, shift
from lesion.data.decode import Pixels


@pytest.fixture
def images() -> Pixels:
    return np.random.default_rng(0).integers(1, 256, (400, 6, 6, 3), dtype=np.uint8)  # no zero: what comes in is one


def test_a_shift_moves_each_image_and_lets_zeros_in(images: Pixels) -> None:
    shifted = shift(images, 2, np.random.default_rng(1))
    assert shifted.shape == images.shape
    assert shifted.dtype == np.uint8
    seen = set()
    for before, after in zip(images, shifted, strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)))
        fits = [(row, column) for row in range(5) for column in range(5)
                if np.array_equal(padded[row : row + 6, column : column + 6], after)]  # fmt: skip
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25  # every shift is drawn


def shifted_by_loop(image: Pixels, down: int, right: int) -> Pixels:
    """One image, pixel by pixel: what moves in from outside is zero."""
    height, width, _ = image.shape
    moved = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[row, column] = image[row - down, column - right]
    return moved


@settings(max_examples=30)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3])),
    pixels=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_image_is_shifted_as_by_a_loop(shape: tuple[int, int, int, int], pixels: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(1, 256, shape, dtype=np.uint8)
    before = images.copy()
    found = shift(images, pixels, np.random.default_rng(seed))
    np.testing.assert_array_equal(images, before)  # the stored images are left alone
    offsets = range(-pixels, pixels + 1)
    for image, after in zip(images, found, strict=True):
        candidates = [shifted_by_loop(image, down, right) for down in offsets for right in offsets]
        assert any(np.array_equal(after, candidate) for candidate in candidates)


def test_no_shift_changes_nothing(images: Pixels) -> None:
    assert shift(images, 0, np.random.default_rng(1)) is images


def test_half_of_the_images_are_mirrored(images: Pixels) -> None:
    before = images.copy()
    mirrored = mirror(images, np.random.default_rng(1))
    turned = (mirrored == images[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (mirrored == images).all(axis=(1, 2, 3))
    assert (turned ^ kept).all()
    assert 160 < turned.sum() < 240
    np.testing.assert_array_equal(images, before)


def test_each_image_is_mirrored_in_every_other_epoch() -> None:
    epochs = np.array([alternating(400, epoch, 7) for epoch in range(6)])
    assert (epochs[1:] != epochs[:-1]).all()
    assert 160 < epochs[0].sum() < 240
    assert (alternating(400, 0, 8) != epochs[0]).any()


def test_the_same_draws_give_the_same_images(images: Pixels) -> None:
    first, second = (mirror(shift(images, 1, np.random.default_rng(5)), np.random.default_rng(6)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, shift(images, 1, np.random.default_rng(7)))
