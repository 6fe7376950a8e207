"""Layers in sparse formats compute what dense ones do, and take the bytes that the format defines."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lesion.deploy.backends import backends
from lesion.deploy.sparse import BLOCK, FORMATS, Format, bytes_of, in_format, to_format
from lesion.models import cifar_resnet, wide_resnet

EACH = pytest.mark.parametrize("wanted", FORMATS)


def matrix(rows: int, columns: int, sparsity: float, seed: int = 0) -> torch.Tensor:
    draws = torch.Generator().manual_seed(seed)
    kept = torch.rand(rows, columns, generator=draws) >= sparsity
    return torch.randn(rows, columns, generator=draws) * kept


def pruned(network: nn.Module, sparsity: float = 0.7) -> nn.Module:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight
            mask = matrix(len(weight), weight[0].numel(), sparsity) != 0
            layer.weight = nn.Parameter((weight * mask.view_as(weight)).detach(), requires_grad=False)
    return network.eval()


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 5, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(5, 6, (3, 2), padding=(0, 1), dilation=2, bias=False),
        nn.Conv2d(6, 6, 3, groups=3),
        nn.Flatten(),
        nn.LazyLinear(7),
    )


@EACH
def test_a_network_computes_the_same(wanted: Format) -> None:
    model = network()
    x = torch.randn(4, 3, 17, 15, generator=torch.Generator().manual_seed(2))
    model(x)
    pruned(model)
    found = in_format(model, wanted)
    assert found is not None
    with torch.no_grad():
        torch.testing.assert_close(found[0](x), model(x), rtol=1e-4, atol=1e-5)
    kinds = [type(layer).__name__ for layer in found[0].children()]
    assert kinds == ["SparseConv2d", "ReLU", "SparseConv2d", "Conv2d", "Flatten", "SparseLinear"]  # groups stay


IMAGES = {"channels": 3, "side": 8, "classes": 3}
RESIDUAL = {
    "zeros": cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), **IMAGES),
    "convolution": cifar_resnet.build(cifar_resnet.Options(depth=8, width=4, shortcut="convolution"), **IMAGES),
    "wide": wide_resnet.build(wide_resnet.Options(depth=10, width=1), **IMAGES),
}


@EACH
@pytest.mark.parametrize("network", RESIDUAL.values(), ids=RESIDUAL)
def test_residual_networks_compute_the_same(network: nn.Module, wanted: Format) -> None:
    model, x = pruned(copy.deepcopy(network)), torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    found = in_format(model, wanted)
    assert found is not None
    with torch.no_grad():
        torch.testing.assert_close(found[0](x), model(x), rtol=1e-4, atol=1e-5)


def test_code_that_looks_into_its_layers_is_timed_without_sparse_formats(caplog: pytest.LogCaptureFixture) -> None:
    class Looking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(12, 12)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            said: torch.Tensor = self.layer(x.flatten(1)) + len(self.layer.weight)
            return said

    network = pruned(Looking())
    found = backends("looking", network, network.state_dict(), torch.zeros(1, 3, 2, 2), threads=1)
    assert [one.name for one in found if one.name.startswith("torch")] == ["torch"]
    assert "looking without torch-csr: 'SparseLinear' object has no attribute 'weight'" in caplog.text


@EACH
def test_a_network_without_pruned_layers_has_no_format(wanted: Format) -> None:
    assert in_format(nn.Sequential(nn.Linear(8, 8)).eval(), wanted) is None


def test_bytes_are_those_of_values_and_indices() -> None:
    weight = matrix(10, 14, 0.8)
    nonzero = int(weight.count_nonzero())
    assert bytes_of(to_format(weight, "coo")) == nonzero * (4 + 8 + 8)
    assert bytes_of(to_format(weight, "csr")) == nonzero * (4 + 4) + 4 * (10 + 1)
    padded = np.pad(weight.numpy(), ((0, 2), (0, 2)))
    blocks = padded.reshape(3, BLOCK, 4, BLOCK).transpose(0, 2, 1, 3).reshape(12, -1)
    filled = int((blocks != 0).any(axis=1).sum())
    assert bytes_of(to_format(weight, "bsr")) == filled * (4 * BLOCK * BLOCK + 4) + 4 * (3 + 1)
    assert bytes_of(weight) == 4 * 140


@EACH
def test_the_bytes_of_a_network_are_those_of_its_layers(wanted: Format) -> None:
    model = pruned(nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)))
    found = in_format(model, wanted)
    assert found is not None
    weights = [layer.weight for layer in model.children() if isinstance(layer, nn.Linear)]
    assert found[1] == sum(bytes_of(to_format(weight, wanted)) for weight in weights) + 4 * (8 + 4)
