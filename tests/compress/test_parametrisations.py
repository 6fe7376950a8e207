"""Networks without their masks."""

import torch

from lesion.compress.masks import MaskedNetwork
from lesion.compress.parametrisations import without_masks
from tests.training import small_network


def test_a_copy_has_no_masks_and_the_network_keeps_its_own() -> None:
    model = small_network().eval()
    network = MaskedNetwork(model)
    network.set({name: torch.rand_like(weight) > 0.5 for name, weight in network.weights().items()})
    images = torch.rand(2, 1, 8, 8)
    plain = without_masks(model)
    assert {name for name, _ in plain.named_parameters()} == {name for name, _ in small_network().named_parameters()}
    assert torch.equal(plain(images), model(images))
    assert len(network.masks()) == 3
