import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.data.held_out import hold_out
from lesion.params.augmentation import Augmentation
from tests.training import random_split


@settings(max_examples=30)
@given(st.floats(0.05, 0.95), st.integers(0, 99), st.integers(8, 60))
def test_both_parts_make_up_the_split_and_each_class_gives_its_share(share: float, seed: int, examples: int) -> None:
    split = random_split(examples)
    fitted, held = hold_out(split, share, seed=seed)
    numbers = torch.cat([fitted.example_id, held.example_id])
    assert sorted(numbers.tolist()) == list(range(examples))
    for label in set(split.label.tolist()):
        count = int((split.label == label).sum())
        assert int((held.label == label).sum()) == round(share * count)
    for part in (fitted, held):
        rows = part.example_id.numpy()
        assert torch.equal(part.label, split.label[part.example_id.long()])
        assert np.array_equal(part.images.read(np.arange(len(rows))), split.images.read(rows))
        assert part.images.sizes == split.images.sizes


def test_another_seed_holds_out_others_and_the_same_the_same() -> None:
    split = random_split()
    one, same, other = (hold_out(split, 0.3, seed=seed)[1].example_id for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_part_is_augmented_as_its_images_are() -> None:
    split = random_split()
    fitted, _ = hold_out(split, 0.5, seed=0)
    augmentation = Augmentation(shift=2, mirror=True, smallest_area=1.0)
    rows = fitted.example_id.numpy()[:5].astype(np.intp)
    assert np.array_equal(
        fitted.images.augmented(np.arange(5), augmentation, 7), split.images.augmented(rows, augmentation, 7)
    )


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_what_people_see_is_of_the_same_examples(share: float) -> None:
    split = random_split()
    _, held = hold_out(split, share, seed=0)
    seen = held.images.shown(np.arange(2))
    expected = split.images.shown(held.example_id.numpy()[:2].astype(np.intp))
    assert all(np.array_equal(one, other) for one, other in zip(seen, expected, strict=True))
