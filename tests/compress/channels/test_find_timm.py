"""The smallest networks of timm: all of their channels are found, and those that can leave do."""

import pytest
import torch
from bench.architectures import random_images

from lesion.models.build import build
from tests.compress.channels.test_find_blocks import CODE, check_removal

LAYER_NORM = "a layer norm over the channels"
STANDARDISED = "a layer standardises its weight, or computes it otherwise"
OUTPUT = "the network's output"


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("test_resnet", set()),
        ("test_efficientnet", set()),
        ("test_byobnet", set()),
        ("test_convnext2", {LAYER_NORM}),
        ("test_vit", {LAYER_NORM}),
        ("test_coatnet", {LAYER_NORM, CODE}),
        ("test_nfnet", {STANDARDISED}),
        ("test_mambaout", {LAYER_NORM, "a split in the network's code holds their number"}),
    ],
)
def test_half_of_all_that_can_leave_leaves(name: str, reasons: set[str]) -> None:
    torch.manual_seed(0)
    network = build({"name": "timm", "architecture": name}, random_images(64))
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    sets = check_removal(network, images)
    assert {one.fixed for one in sets if one.fixed} == {*reasons, OUTPUT}
    assert any(not one.fixed and one.size > 1 for one in sets)
