from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.predict.evaluate import answers, logits
from tests.training import random_split, small_network


def evaluation(**changed: Any) -> Evaluation:
    return Evaluation.model_validate(
        {"batch": 1000, "precision": {"cpu": "float32", "cuda": "float32"}, "threads": 1} | changed
    )


def inputs() -> Tensor:
    split = random_split(50)
    return split.normalise(split.images)


class Constant(nn.Module):
    """Gives the same logits whatever it sees, in order of the images."""

    def __init__(self, logit: Tensor) -> None:
        super().__init__()
        self.logit, self.seen = logit, 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return self.logit[self.seen - len(x) : self.seen]


@settings(max_examples=100, deadline=None)
@given(
    examples=st.integers(1, 8),
    classes=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
    levels=st.sampled_from([2, 3, 1000]),
)
def test_answers_are_those_of_a_loop(examples: int, classes: int, seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    logit = (rng.integers(0, levels, (examples, classes)) / 8).astype(np.float32)  # few levels: many ties
    label = rng.integers(0, classes, examples)
    said = answers(torch.from_numpy(logit), torch.from_numpy(label))
    for row, true in enumerate(label.tolist()):
        values = logit[row].tolist()
        first = max(range(classes), key=lambda c: (values[c], -c))  # ties go to the smallest class
        ahead = [c for c in range(classes) if values[c] > values[true]]
        assert int(said.prediction[row]) == first
        assert bool(said.correct[row]) == (first == true)
        assert bool(said.correct_top5[row]) == (len(ahead) < 5)
    assert bool((said.correct_top5 | ~said.correct).all())  # right at first is right among five


def test_without_ties_top_five_is_membership_of_the_five_largest() -> None:
    rng = np.random.default_rng(0)
    logit, label = rng.normal(size=(200, 30)).astype(np.float32), rng.integers(0, 30, 200)
    said = answers(torch.from_numpy(logit), torch.from_numpy(label))
    largest = np.argsort(-logit, axis=1)[:, :5]
    assert said.correct_top5.tolist() == [true in five for true, five in zip(label, largest, strict=True)]


@pytest.mark.parametrize("batch", [1, 7, 25, 50, 1000])
def test_batches_change_neither_shape_nor_order(batch: int) -> None:
    network = small_network().eval()
    with torch.no_grad():
        expected = torch.cat([network(image[None]) for image in inputs()])
    found = logits(network, inputs(), evaluation(batch=batch))
    assert found.shape == (50, 4)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_each_image_keeps_its_place() -> None:
    logit = torch.arange(200.0).reshape(50, 4)
    assert torch.equal(logits(Constant(logit), inputs(), evaluation(batch=8)), logit)


def test_bfloat16_is_computed_but_float32_returned() -> None:
    network = small_network().eval()
    exact = logits(network, inputs(), evaluation())
    rounded = logits(network, inputs(), evaluation(precision={"cpu": "bfloat16", "cuda": "bfloat16"}))
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_logit_that_is_not_finite(value: float) -> None:
    logit = torch.zeros(50, 4)
    logit[49, 3] = value
    with pytest.raises(InputError, match="a logit is not finite: the member diverged"):
        logits(Constant(logit), inputs(), evaluation(batch=8))
