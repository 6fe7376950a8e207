"""Pruning while training, from the variant to the trained network: how sparse it is, and that masks hold."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.masks import keep_largest
from lesion.compress.scores.magnitude import score
from tests.rounding import assert_trained_alike
from tests.training import STEPS, Watched, effective, masks, method_of, pruned, same, small_network, train

GRADUAL = {"name": "gradual", "begin": 0.25, "end": 0.75, "every": 0.125}
SCHEDULES: dict[str, tuple[Any, list[int]]] = {
    # part of params.yaml, and before which steps masks are chosen
    "at initialisation": ("at-initialisation", [0]),
    "one-shot": ({"name": "one-shot", "at": 0.5}, [12]),
    "gradual": (GRADUAL, [6, 9, 12, 15, 18]),
    "iterative": ({"name": "iterative", "rounds": 2, "rewind": None}, [24, 48]),
    "with rewinding": ({"name": "iterative", "rounds": 2, "rewind": 0.25}, [24, 48]),
}
MONOTONE = set(SCHEDULES) - {"gradual"}
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES)


def zeros_through_training(variant: dict[str, Any]) -> list[dict[str, Tensor]]:
    """Where weights are zero when each step begins and when it has ended, and in the trained network at last."""
    model = small_network()
    seen: list[dict[str, Tensor]] = []

    def look(step: int, optimiser: object) -> None:
        seen.append({name: weight == 0 for name, weight in effective(model).items()})

    train(model, Watched(method_of(model, variant), before=look, after=look))
    look(0, None)
    return seen


def counts(zeros: dict[str, Tensor]) -> dict[str, int]:
    return {name: int(zero.sum()) for name, zero in zeros.items()}


@every_schedule
@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.77, 0.9])
def test_each_tensor_ends_with_exactly_the_asked_sparsity(schedule: str, sparsity: float) -> None:
    model = small_network()
    train(model, method_of(model, pruned(sparsity=sparsity, schedule=SCHEDULES[schedule][0])))
    weights = effective(model)
    assert len(weights) == 3
    for weight in weights.values():
        assert int((weight == 0).sum()) == round(sparsity * weight.numel())


@every_schedule
@pytest.mark.parametrize("shape", ["weight", "filter", {"name": "n-m", "of": 2}], ids=["weight", "filter", "1:2"])
def test_masks_hold_from_one_update_to_the_next(schedule: str, shape: Any) -> None:
    part, updates = SCHEDULES[schedule]
    seen = zeros_through_training(pruned(schedule=part, shape=shape))
    assert counts(seen[-1]) != counts(seen[0])
    begins, ends, last = seen[1:-1:2], seen[2::2], seen[-1]
    for step, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        assert same(begin, end), f"weights came back in step {step}"
        if step + 1 < len(begins) and step + 1 not in updates:
            assert same(end, begins[step + 1]), f"masks changed before step {step + 1}"
    assert same(last, begins[-1])


@every_schedule
def test_once_pruned_is_always_pruned_but_for_the_gradual_schedule(schedule: str) -> None:
    seen = zeros_through_training(pruned(schedule=SCHEDULES[schedule][0], sparsity=0.7))
    came_back = [bool((before[name] & ~after[name]).any()) for before, after in pairwise(seen) for name in before]
    assert any(came_back) == (schedule not in MONOTONE)


def test_gradual_sparsity_grows_by_the_cubic() -> None:
    share = 0.0
    for step, zeros in enumerate(zeros_through_training(pruned(schedule=GRADUAL))[1:-1:2]):
        if step in SCHEDULES["gradual"][1]:
            share = 1 - (1 - (step - 6) / 12) ** 3
        assert counts(zeros) == {name: round(0.5 * share * zero.numel()) for name, zero in zeros.items()}


def test_iterative_sparsity_grows_with_each_training() -> None:
    seen = zeros_through_training(pruned(schedule=SCHEDULES["iterative"][0], sparsity=0.75))[1:-1:2]
    assert len(seen) == 3 * STEPS
    for step, zeros in enumerate(seen):
        assert counts(zeros) == {
            name: round((0, 0.5, 0.75)[step // STEPS] * zero.numel()) for name, zero in zeros.items()
        }


@every_schedule
def test_before_the_first_update_pruned_and_dense_train_alike(schedule: str) -> None:
    part, (first, *_) = SCHEDULES[schedule]
    model, plain = small_network(), small_network()
    sparse: list[dict[str, Tensor]] = []
    whole: list[dict[str, Tensor]] = []
    train(model, Watched(method_of(model, pruned(schedule=part)), before=lambda *_: sparse.append(effective(model))))
    train(plain, Watched(method_of(plain, {"method": "dense"}), before=lambda *_: whole.append(effective(plain))))
    for step, (one, other) in enumerate(zip(sparse[: first + 1], whole, strict=False)):
        assert_trained_alike(one, other, steps=step + 1)
    assert any((weight == 0).any() for weight in sparse[-1].values())
    assert all((weight != 0).all() for weight in whole[-1].values())


def test_biases_and_batch_norm_are_not_pruned() -> None:
    model = small_network()
    train(model, method_of(model, pruned(sparsity=0.9, schedule=GRADUAL)))
    assert set(model.state_dict()) == set(small_network().state_dict())
    others = {name: tensor for name, tensor in model.state_dict().items() if tensor.dim() == 1}
    assert len(others) == 9  # weight, bias, mean and variance of two batch norms, and the bias of the last layer
    for name, tensor in others.items():
        assert (tensor != 0).all(), name


def test_filters_take_their_batch_norm_along_and_the_last_layer_is_spared() -> None:
    model = small_network()
    train(model, method_of(model, pruned(shape="filter", schedule={"name": "one-shot", "at": 0.5})))
    state = model.state_dict()
    for layer, norm, filters in (("0", "1", 4), ("3", "4", 6)):
        gone = (state[f"{layer}.weight"] == 0).flatten(1).all(dim=1)
        assert int(gone.sum()) == filters // 2
        for entry in ("weight", "bias"):
            assert torch.equal(state[f"{norm}.{entry}"] == 0, gone)
        assert (state[f"{layer}.weight"][~gone] != 0).all()
    assert (state["7.weight"] != 0).all()
    images, first_layers = torch.randn(2, 1, 8, 8), nn.Sequential(*list(model.eval().children())[:3])
    assert (first_layers(images)[:, (state["0.weight"] == 0).flatten(1).all(dim=1)] == 0).all()


def test_the_first_masks_are_those_of_the_weights_as_they_are() -> None:
    model = small_network()
    kept = {
        name: keep_largest(weight.abs().flatten()[None], round(0.7 * weight.numel())).view_as(weight)
        for name, weight in effective(model).items()
    }
    method_of(model, pruned(sparsity=0.7)).before_step(0, torch.optim.SGD(model.parameters()))
    assert same(masks(model), kept)


def test_magnitude_is_what_its_name_says() -> None:
    assert score(torch.tensor([[-2.0, 0.0], [1.5, -0.5]])).tolist() == [[2.0, 0.0], [1.5, 0.5]]
