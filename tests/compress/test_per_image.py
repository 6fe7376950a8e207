"""Multiply-adds of each image, against a count that looks at every product by itself."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from lesion.compress.per_image import PerImage, chooses
from lesion.compress.runtime.agent import GroupedConvolution
from lesion.compress.runtime.boosting import GatedConvolution
from lesion.compress.runtime.experts import Switch
from tests.compress.choosing import FBS, IMAGES, RNP, SHAPE, SWITCH, cnn, resnet, restored


def counted(network: nn.Module) -> list[int]:
    count = PerImage(network, SHAPE)
    with torch.no_grad():
        network(IMAGES)
    found: list[int] = count.of_batch(len(IMAGES)).tolist()
    return found


def mask_of(layer: Any) -> torch.Tensor:
    mask: torch.Tensor = layer.factors > 0 if "factors" in vars(layer) else layer.mask
    return mask


def in_pairs(network: Any, first: int, second: int) -> list[int]:
    """Products of two choosing convolutions and a linear layer of 2 × 2 positions, one after the other, by image."""
    counts = []
    for image in range(len(IMAGES)):
        one, two = (mask_of(network[place])[image].tolist() for place in (first, second))
        total = 0
        for kept in one:
            total += 9 * 16 * kept  # of 4 × 4 positions, from one input channel
        for row in two:
            for column in one:
                total += 9 * 4 * (row and column)
        total += 4 * 4 * sum(two)  # four classes, four positions
        counts.append(total)
    return counts


@pytest.mark.parametrize("zeros", [False, True])
def test_gated_networks_are_counted_product_by_product(zeros: bool) -> None:
    network: Any = restored(cnn, FBS)
    if zeros:
        network[7].weight.detach()[1] = 0
    found = counted(network)
    gates = 5 * 1 + 6 * 5
    expected = [one + gates for one in in_pairs(network, 0, 3)]
    if zeros:
        expected = [one - 4 * int(mask_of(network[3])[image].sum()) for image, one in enumerate(expected)]
    assert found == expected


def test_networks_with_an_agent_are_counted_product_by_product() -> None:
    network: Any = restored(cnn, RNP)
    agent = 32 * (1 + 5) + 2 * 32 * 3 + 32 * 32  # the first layer has no state to read
    found = counted(network)
    expected = [one + agent for one in in_pairs(network, 0, 3)]
    assert found == expected
    assert len(set(expected)) > 1


def test_one_expert_of_several_counts() -> None:
    network: Any = restored(cnn, SWITCH)
    dense = 5 * 9 * 16 + 6 * 5 * 9 * 4 + 4 * 24
    assert counted(network) == [dense + 3 * 5] * len(IMAGES)


@pytest.mark.parametrize("variant", [FBS, RNP])
def test_channels_of_a_sum_are_read_whatever_one_part_leaves_out(variant: dict[str, Any]) -> None:
    network: Any = restored(resnet, variant)
    found = counted(network)
    kind = (GatedConvolution, GroupedConvolution)
    layers = {name: module for name, module in network.named_modules() if isinstance(module, kind)}
    positions = {"conv": 64, "stage1": 64, "stage2": 16, "stage3": 4}
    for image, count in enumerate(found):
        total = sum(
            module.weight.numel()
            for name, module in network.named_modules()
            if isinstance(module, nn.Linear) and not name.endswith("recurrent") and not name.endswith("decoder")
        )
        for name, layer in layers.items():
            rows = int(mask_of(layer)[image].sum())
            columns = layer.in_channels
            if name.endswith("conv2"):
                columns = int(mask_of(layers[name.replace("conv2", "conv1")])[image].sum())
            total += 9 * rows * columns * positions[name.partition(".")[0]]
        if variant is RNP:
            total += 7 * 32 * 3 + 6 * 32 * 32
        own = mask_of(layers["stage3.0.conv2"])[image, 8:]  # which no shortcut reaches
        total -= 4 * int((~own).sum())
        assert count == total


def test_plain_networks_choose_nothing() -> None:
    assert not chooses(cnn())
    assert all(chooses(restored(cnn, variant)) for variant in (FBS, RNP, SWITCH))
    assert isinstance(restored(cnn, SWITCH).get_submodule("3"), Switch)


def test_an_activation_that_gives_no_zero_is_read_in_full() -> None:
    def build(activation: type[nn.Module]) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), activation(), nn.Conv2d(4, 2, 3, 2, 1), nn.Flatten(),
            nn.Linear(8, 4),
        )  # fmt: skip

    for activation in (nn.ReLU, nn.Sigmoid):
        network = restored(partial(build, activation), FBS)
        found, rows = counted(network), mask_of(network.get_submodule("0")).sum(dim=1).tolist()
        for count, kept in zip(found, rows, strict=True):
            assert count == 4 + 9 * 16 * kept + 9 * 4 * 2 * (4 if activation is nn.Sigmoid else kept) + 8 * 4
