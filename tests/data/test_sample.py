"""Samples that are balanced over the classes, of images as evaluation sees them."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.data.sample import TrainingSampler, balanced_rows
from tests.training import CPU, random_split

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.lists(st.integers(0, 12), min_size=1, max_size=6).filter(any)


def labels(sizes: list[int], seed: int) -> npt.NDArray[np.int64]:
    """Classes of these sizes in a random order; some may be empty."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))


def fair_shares(sizes: list[int], count: int) -> list[int]:
    """How many each class gives when all give one in turn, as long as they have some; the last turn is cut short."""
    given = [0] * len(sizes)
    while sum(given) < count:
        turn = [index for index, size in enumerate(sizes) if given[index] < size]
        if sum(given) + len(turn) > count or not turn:
            break
        for index in turn:
            given[index] += 1
    return given


@settings(max_examples=150)
@given(sizes=SIZES, count=st.integers(0, 80), seed=SEEDS)
def test_exactly_the_asked_number_without_repeats_as_even_as_can_be(sizes: list[int], count: int, seed: int) -> None:
    label = labels(sizes, seed)
    rows = balanced_rows(label, count, np.random.default_rng(seed))
    assert len(set(rows.tolist())) == len(rows) == min(count, len(label))
    drawn = np.bincount(label[rows], minlength=len(sizes)).tolist()
    for size, share, found in zip(sizes, fair_shares(sizes, count), drawn, strict=True):
        assert share <= found <= min(size, share + 1)


@given(each=st.integers(5, 12), classes=st.integers(1, 5), count=st.integers(1, 25), seed=SEEDS)
def test_numbers_differ_by_one_at_most_where_all_classes_are_large_enough(
    each: int, classes: int, count: int, seed: int
) -> None:
    label = labels([each] * classes, seed)
    drawn = np.bincount(label[balanced_rows(label, count, np.random.default_rng(seed))], minlength=classes)
    assert drawn.max() - drawn.min() <= 1


def test_a_small_class_gives_all_it_has() -> None:
    label = labels([2, 100, 100], 3)
    rows = balanced_rows(label, 32, np.random.default_rng(4))
    assert np.bincount(label[rows]).tolist() == [2, 15, 15]


def test_the_same_seed_gives_the_same_rows_and_another_gives_others() -> None:
    label = labels([40, 40], 0)
    one, again, other = (balanced_rows(label, 20, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert one == again
    assert set(one) != set(other)


def test_every_image_of_a_class_is_drawn_as_often() -> None:
    label = labels([6, 4], 1)
    drawn = np.concatenate([balanced_rows(label, 4, np.random.default_rng(seed)) for seed in range(3000)])
    often = np.bincount(drawn, minlength=10) / 3000
    np.testing.assert_allclose(often[label == 0], 2 / 6, atol=0.05)  # five standard errors
    np.testing.assert_allclose(often[label == 1], 2 / 4, atol=0.05)


@pytest.mark.parametrize(
    ("count", "part", "lengths"), [(20, 8, [8, 8, 4]), (16, 8, [8, 8]), (5, 8, [5]), (500, 64, [64, 6])]
)
def test_images_come_in_parts_that_are_not_too_large(count: int, part: int, lengths: list[int]) -> None:
    parts = list(TrainingSampler(random_split(), CPU, part)(count, 3))
    assert [len(images) for images, _ in parts] == lengths
    assert [len(label) for _, label in parts] == lengths


def test_images_are_those_of_evaluation_with_their_labels() -> None:
    split = random_split()
    pixels = (split.images.read(np.arange(70)).transpose(0, 3, 1, 2).astype(np.float64) / 255 - 0.5) / 0.29
    seen = []
    for images, label in TrainingSampler(split, CPU, 7)(24, 11):
        assert images.dtype == torch.float32
        assert label.dtype == torch.int64
        for image, truth in zip(images.numpy(), label.tolist(), strict=True):
            [row] = np.flatnonzero(np.abs(pixels - image).max(axis=(1, 2, 3)) < 1e-5)
            assert split.label[row] == truth
            seen.append(int(row))
    assert len(set(seen)) == 24
    assert seen == balanced_rows(split.label.numpy(), 24, np.random.default_rng(11)).tolist()
