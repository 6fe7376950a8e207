"""Masked weights that get the gradient that they would have if they were there, always or for a while."""

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.masks import MaskedNetwork
from tests.compress.masking import PRODUCTS, WEIGHTS, half_masks, network
from tests.rounding import assert_close
from tests.training import effective


def gradients(model: nn.Sequential, inputs: Tensor) -> dict[str, Tensor]:
    """Of the weights under the masks, for a loss that depends on all of them."""
    model.zero_grad()
    model(inputs).square().sum().backward()
    found = {name: model.get_parameter(f"{name[0]}.parametrizations.weight.original").grad for name in WEIGHTS}
    return {name: gradient.clone() for name, gradient in found.items() if gradient is not None}


def dense_gradients(masks: dict[str, Tensor], inputs: Tensor) -> dict[str, Tensor]:
    """Of a plain network whose masked weights are there, and zero."""
    plain = network()
    with torch.no_grad():
        for name, mask in masks.items():
            plain.get_parameter(name)[~mask] = 0
    plain(inputs).square().sum().backward()
    found = {name: plain.get_parameter(name).grad for name in WEIGHTS}
    return {name: gradient for name, gradient in found.items() if gradient is not None}


@pytest.mark.parametrize("always", [True, False], ids=["straight through", "for a while"])
def test_masked_weights_may_get_the_gradient_that_they_would_have(always: bool) -> None:
    model, inputs = network(), torch.randn(3, 1, 4, 4)
    masked = MaskedNetwork(model, straight_through=always)
    masks = half_masks(masked)
    masked.set(masks)
    expected = dense_gradients(masks, inputs)
    if always:
        found = gradients(model, inputs)
    else:
        with masked.dense_gradients():
            found = gradients(model, inputs)
        for name, gradient in gradients(model, inputs).items():  # afterwards they get none, as before
            assert (gradient[~masks[name]] == 0).all()
    assert found.keys() == expected.keys() == masks.keys()
    for name, mask in masks.items():
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-5)
        assert (found[name][~mask] != 0).any()


def test_straight_through_masks_compute_with_exact_zeros() -> None:
    model, inputs = network(), torch.randn(3, 1, 4, 4)
    masked = MaskedNetwork(model, straight_through=True)
    masks = half_masks(masked)
    masked.set(masks)
    plain = MaskedNetwork(other := network())
    plain.set(masks)
    assert_close(model(inputs), other(inputs), operations=PRODUCTS)
    for name, mask in masked.masks().items():
        assert torch.equal(mask, masks[name])
        weight = effective(model)[name]
        assert torch.equal(weight == 0, ~mask)
