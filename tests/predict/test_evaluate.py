from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.data.decode import Pixels
from lesion.data.images import PackedImages
from lesion.data.inputs import Rows
from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.predict.evaluate import answers, logits, read_batches
from tests.training import random_split, small_network


def evaluation(**changed: Any) -> Evaluation:
    return Evaluation.model_validate(
        {"batch": 1000, "precision": {"cpu": "float32", "cuda": "float32"}, "threads": 1, "workers": 0} | changed
    )


def inputs() -> Tensor:
    split = random_split(50)
    return split.normalise(torch.from_numpy(split.images.read(np.arange(50))))


class Constant(nn.Module):
    """Gives the same logits whatever it sees."""

    def __init__(self, logit: Tensor) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, _: Tensor) -> Tensor:
        return self.logit


@settings(max_examples=100)
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


@pytest.mark.parametrize(("batch", "workers"), [(1, 0), (7, 0), (25, 0), (50, 0), (1000, 0), (7, 2), (50, 2)])
def test_batches_are_the_images_in_order(batch: int, workers: int) -> None:
    images = random_split(50).images
    parts = list(read_batches(images, 50, evaluation(batch=batch, workers=workers)))
    assert [len(part) for part in parts[:-1]] == [batch] * (len(parts) - 1)
    assert torch.equal(torch.cat(parts), torch.from_numpy(images.read(np.arange(50))))


def test_bad_input_in_a_worker_is_one_line() -> None:
    class Broken(PackedImages):
        def read(self, rows: Rows) -> Pixels:  # noqa: ARG002
            raise InputError("x.jpg: not a readable image")

    with pytest.raises(InputError, match=r"^x\.jpg: not a readable image$"):
        list(read_batches(Broken(np.zeros((4, 8, 8, 1), np.uint8)), 4, evaluation(workers=1)))


def test_an_image_says_the_same_alone() -> None:
    network = small_network().eval()
    together = logits(network, inputs(), evaluation())
    alone = torch.cat([logits(network, image[None], evaluation()) for image in inputs()])
    assert together.dtype == torch.float32
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


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
        logits(Constant(logit), inputs(), evaluation())
