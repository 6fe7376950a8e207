"""Smaller images in the first epochs of a training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.models import cifar_resnet
from lesion.params.augmentation import Augmentation
from lesion.params.recipe import Recipe
from lesion.train.loop import fit
from lesion.train.progressive import check_sides, shown_side, shrink
from lesion.train.resume import NEVER, Snapshots
from tests.training import CPU, SEEDS, Watched, method_of, pruned, random_split, recipe, same, small_network

SMALLER = [{"side": 4, "until": 0.75}, {"side": 6, "until": 2}]
VARIED: dict[str, Any] = {"shift": 1, "mirror": True, "smallest_area": 1.0, "smaller": SMALLER}
EXAMPLES, PER_EPOCH = 34, 4
CHOSEN = recipe(epochs=3, micro_batch=4, augmentation=VARIED)


def network() -> nn.Module:
    """One that takes images of any side."""
    torch.manual_seed(0)
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=2), channels=1, side=8, classes=4)


class KilledError(Exception):
    """Ends a training as a signal would."""


def train(
    variant: dict[str, Any], *, snapshots: Snapshots = NEVER, chosen: Recipe = CHOSEN, kill_before: int | None = None
) -> tuple[dict[str, Tensor], list[int]]:
    """The state of a network after a training, and the side of the images of each of its forward passes."""
    model, sides = network(), list[int]()

    def kill(step: int, _: object) -> None:
        if step == kill_before:
            raise KilledError

    steps = int(chosen.epochs * PER_EPOCH)
    method = Watched(method_of(model, variant, steps=steps), before=kill)
    hook = model.register_forward_pre_hook(
        lambda module, given: sides.append(given[0].shape[-1]) if module.training else None
    )
    fit(model, method, random_split(EXAMPLES), recipe=chosen, seeds=SEEDS, device=CPU, snapshots=snapshots)
    hook.remove()
    return dict(model.state_dict()), sides


def test_each_step_has_the_side_of_its_epoch() -> None:
    varied = Augmentation.model_validate(VARIED)
    found = [shown_side(varied, step, steps_per_epoch=PER_EPOCH) for step in range(12)]
    assert found == 3 * [4] + 5 * [6] + 4 * [None]
    assert shown_side(recipe().augmentation, 0, steps_per_epoch=PER_EPOCH) is None


def test_a_training_sees_these_sides_and_another_training_begins_anew() -> None:
    once = 6 * [4] + 10 * [6] + 8 * [8]  # two parts a step
    assert train({"method": "dense"})[1] == once
    assert train(pruned(schedule={"name": "iterative", "rounds": 1, "rewind": None}))[1] == 2 * once


def test_pixels_are_means_of_those_that_they_cover() -> None:
    images = torch.rand(3, 2, 12, 12)
    blocks = images.numpy().reshape(3, 2, 4, 3, 4, 3).mean(axis=(3, 5))
    np.testing.assert_allclose(shrink(images, 4).numpy(), blocks, rtol=1e-5)
    assert shrink(images, None) is images
    assert shrink(images, 8).shape == (3, 2, 8, 8)


@pytest.mark.parametrize("mirror", [True, "alternating"])
def test_killed_at_any_side_it_ends_with_the_same_bytes(mirror: bool | str, tmp_path: Path) -> None:
    chosen = recipe(epochs=3, micro_batch=4, augmentation=VARIED | {"mirror": mirror})
    variant = pruned(shape="filter", score="bn-scale", schedule={"name": "one-shot", "at": 0.5})
    whole, _ = train(variant, chosen=chosen)
    path = tmp_path / "member"
    for step in (2, 3, 5, 8, 11):
        with pytest.raises(KilledError):
            train(variant, chosen=chosen, snapshots=Snapshots(path, stamp="s", seconds=0), kill_before=step)
    assert same(train(variant, chosen=chosen, snapshots=Snapshots(path, stamp="s", seconds=0))[0], whole)


def test_a_check_leaves_the_network_as_it_was() -> None:
    model = network().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    check_sides(model, random_split(), Augmentation.model_validate(VARIED), device=CPU)
    assert model.training
    assert same(before, model.state_dict())


@pytest.mark.parametrize(
    ("model", "side", "why"),
    [
        (small_network, 4, r"^recipe\.augmentation\.smaller: the network takes no images of 4 pixels: mat1 and mat2"),
        (network, 8, r"^recipe\.augmentation\.smaller: a side of 8 pixels, the images have 8$"),
    ],
)
def test_sides_that_do_not_fit_are_refused(model: Any, side: int, why: str) -> None:
    varied = Augmentation.model_validate(VARIED | {"smaller": [{"side": side, "until": 1}]})
    with pytest.raises(InputError, match=why):
        check_sides(model(), random_split(), varied, device=CPU)


def test_sides_come_one_after_the_other() -> None:
    with pytest.raises(ValueError, match="until must rise"):
        Augmentation.model_validate(VARIED | {"smaller": SMALLER[::-1]})
