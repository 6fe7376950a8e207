import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.train.augment import shift


def batch(shape: tuple[int, int, int, int], seed: int) -> torch.Tensor:
    return torch.randint(1, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def shifted(image: torch.Tensor, down: int, right: int) -> list[list[list[int]]]:
    """One image, pixel by pixel: what moves in from outside is zero."""
    height, width, channels = image.shape

    def pixel(row: int, column: int) -> list[int]:
        inside = 0 <= row - down < height and 0 <= column - right < width
        return image[row - down, column - right].tolist() if inside else [0] * channels

    return [[pixel(row, column) for column in range(width)] for row in range(height)]


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3])),
    pixels=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_image_is_shifted_as_by_a_loop(shape: tuple[int, int, int, int], pixels: int, seed: int) -> None:
    images = batch(shape, seed)
    found = shift(images, pixels, torch.Generator().manual_seed(seed))
    assert found.dtype == torch.uint8
    offsets = range(-pixels, pixels + 1)
    for before, after in zip(images, found, strict=True):
        candidates = [shifted(before, down, right) for down in offsets for right in offsets]
        assert after.tolist() in candidates


def test_each_image_has_a_shift_of_its_own_and_all_shifts_occur() -> None:
    images = batch((1, 6, 6, 1), 0).expand(400, 6, 6, 1)
    found = shift(images, 1, torch.Generator().manual_seed(3))
    different = {str(image.tolist()) for image in found}
    assert different == {str(shifted(images[0], down, right)) for down in (-1, 0, 1) for right in (-1, 0, 1)}


def test_the_generator_decides() -> None:
    images = batch((20, 8, 8, 1), 1)
    one, same, other = (shift(images, 2, torch.Generator().manual_seed(seed)) for seed in (7, 7, 8))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(images, batch((20, 8, 8, 1), 1))  # the stored images are left alone
