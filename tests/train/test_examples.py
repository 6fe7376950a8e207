"""What a training asks of its examples, told before anything is trained."""

from dataclasses import replace

import pytest
import torch

from lesion.data.split import Split
from lesion.errors import InputError
from lesion.train.population import check_examples
from tests.training import RECIPE, random_split


def labelled(label: list[int]) -> Split:
    return replace(random_split(), label=torch.tensor(label, dtype=torch.int64))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([], r"studies\.toy\.data: has no training examples; take a pretrained network$"),
        ([0, 1, 2] * 4, r"studies\.toy\.data: class \w+ has no training example$"),
        ([0, 1, 2, 3], r"studies\.toy\.recipe\.batch: is 8, there are 4 training examples$"),
    ],
)
def test_the_key_at_fault_is_named(label: list[int], message: str) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: " + message):
        check_examples(labelled(label), RECIPE, study="toy")


def test_enough_examples_of_each_class_pass() -> None:
    check_examples(labelled([0, 1, 2, 3] * 2), RECIPE, study="toy")
