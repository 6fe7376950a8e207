"""Networks with fewer channels in each layer, trained dense."""

from typing import Any

import pytest
import torch
from torch import nn

from lesion import plugins
from lesion.compress.methods import small_dense
from lesion.models import cifar_resnet
from tests.training import method_of, small_network, train


def narrow(width: float) -> dict[str, Any]:
    return {"method": "small-dense", "width": width}


def resnet(width: int) -> nn.Module:
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=width), channels=1, side=8, classes=4)


def test_a_residual_network_gets_the_shapes_of_one_that_was_built_narrow() -> None:
    model = resnet(16)
    method_of(model, narrow(0.25))
    expected = {name: tensor.shape for name, tensor in resnet(4).state_dict().items()}
    assert {name: tensor.shape for name, tensor in model.state_dict().items()} == expected


def test_initial_weights_are_distributed_as_those_of_one_that_was_built_narrow() -> None:
    torch.manual_seed(0)
    model, built = resnet(128), resnet(32)
    method_of(model, narrow(0.25))
    for name, weight in built.named_parameters():
        if weight.dim() == 4:
            assert model.get_parameter(name).std().item() == pytest.approx(weight.std().item(), rel=0.12)


@pytest.mark.parametrize(("width", "channels"), [(0.5, [2, 3]), (0.05, [1, 1]), (0.75, [3, 4])])
def test_each_layer_has_its_share_of_the_channels_and_one_at_least(width: float, channels: list[int]) -> None:
    model = small_network()
    method_of(model, narrow(width))
    assert [layer.out_channels for layer in model.modules() if isinstance(layer, nn.Conv2d)] == channels


def test_a_trained_member_is_restored_from_its_tensors() -> None:
    model, images = small_network(), torch.rand(3, 1, 8, 8)
    train(model, method_of(model, narrow(0.5)))
    options = plugins.options("method", narrow(0.5), where="variant", key="method")
    restore = small_dense.restorer(small_network(1), options, images[:1])
    with torch.no_grad():
        assert torch.equal(restore(model.state_dict())(images), model.eval()(images))
