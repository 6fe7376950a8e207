"""Feature boosting and suppression, against plain numpy and against a network that computes the kept channels alone."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from lesion.compress.methods.fbs import Options, density_at
from lesion.compress.runtime.boosting import GatedConvolution, GatedNorm, gate, kept_channels, winners
from lesion.compress.runtime.pairs import Pair
from lesion.errors import InputError
from tests.compress.choosing import FBS, IMAGES, cnn, lively, perceptron, resnet, restored, restorer, wide
from tests.training import method_of, train


def gated(density: float, channels: int = 7) -> nn.Sequential:
    """A gated convolution and its norm."""
    network = nn.Sequential(nn.Conv2d(3, channels, 3, stride=2, padding=1), nn.BatchNorm2d(channels))
    gate(network, [Pair("0", "1", ())])[0].density = density
    return lively(network).eval()  # type: ignore[return-value]


@pytest.mark.parametrize("density", [0.2, 0.5, 0.75, 1.0])
def test_the_layer_is_what_the_paper_writes(density: float) -> None:
    network: Any = gated(density)
    x = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(3))
    conv = functional.conv2d(x, network[0].weight, network[0].bias, 2, 1).detach().numpy()
    phi, rho = (network[0].gate.state_dict()[name].numpy() for name in ("weight", "bias"))
    mean, variance = network[1].running_mean.numpy(), network[1].running_var.numpy()
    expected = np.zeros_like(conv)
    for image in range(len(x)):
        subsample = np.abs(x[image].numpy()).mean(axis=(1, 2))
        g = np.maximum(phi @ subsample + rho, 0)
        kept = np.argsort(-g, kind="stable")[: int(np.ceil(density * len(g)))]
        pi = np.zeros_like(g)
        pi[kept] = g[kept] / g[kept].sum() * len(g)
        for channel, factor in enumerate(pi):
            normed = (conv[image, channel] - mean[channel]) / np.sqrt(variance[channel] + 1e-5)
            expected[image, channel] = factor * (normed + network[1].bias[channel].item())
    with torch.no_grad():
        np.testing.assert_allclose(network(x).numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("channels", [1, 3, 10])
def test_as_many_channels_are_kept_as_the_density_says_ties_and_all(density: float, channels: int) -> None:
    kept = kept_channels(density, channels)
    assert kept == -(-round(density * 10) * channels // 10)
    for gates in (torch.ones(5, channels), torch.rand(5, channels) + 0.1):
        won = winners(gates, kept)
        assert ((won > 0).sum(dim=1) == kept).all()
        torch.testing.assert_close(won.sum(dim=1), torch.full((5,), float(channels)))
    assert (winners(torch.zeros(2, channels), kept) == 0).all()


def test_all_gates_one_are_a_network_without_scales() -> None:
    network, plain = cnn(), cnn()
    plain.load_state_dict(network.state_dict())
    layers = gate(network, [Pair("0", "1", ()), Pair("3", "4", ())])
    for layer in layers:
        nn.init.zeros_(layer.gate.weight)
    torch.testing.assert_close(network(IMAGES), plain(IMAGES))  # in training mode; their scales are one
    for name, value in plain.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(network.state_dict()[name], value)


def test_only_the_kept_channels_need_computing() -> None:
    network: Any = restored(cnn, FBS)
    with torch.no_grad():
        expected = network(IMAGES)
        for place in range(len(IMAGES)):
            x = IMAGES[place : place + 1]
            for at in (0, 3):
                layer, norm = network[at], network[at + 1]
                layer(x)
                kept = (layer.factors[0] > 0).nonzero().squeeze(1)
                assert 0 < len(kept) <= kept_channels(0.5, layer.out_channels)
                small = functional.conv2d(x, layer.weight[kept], None, layer.stride, layer.padding)
                small = functional.batch_norm(small, norm.running_mean[kept], norm.running_var[kept], eps=norm.eps)
                small = (small + norm.bias[kept, None, None]) * layer.factors[:, kept, None, None]
                x = torch.zeros(1, layer.out_channels, *small.shape[2:]).index_copy(1, kept, small.relu())
            torch.testing.assert_close(network[7](x.flatten(1)), expected[place : place + 1], rtol=1e-4, atol=1e-5)


def test_the_density_falls_from_one() -> None:
    options = Options(density=0.5, begin=0.2, end=0.6)
    found = [density_at(options, step, steps=10) for step in range(10)]
    assert found == pytest.approx([1, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.5, 0.5, 0.5])
    assert density_at(Options(density=0.5), 0, steps=10) == 0.5


def test_the_penalty_is_the_mean_l1_norm_of_the_gates() -> None:
    network = cnn()
    method = method_of(network, FBS | {"strength": 2.0})
    method.before_step(0, torch.optim.SGD(network.parameters(), lr=0.1))
    logits = network(IMAGES)
    layers = [module for module in network.modules() if isinstance(module, GatedConvolution)]
    expected = 2 * sum(
        float(layer.gates.detach().numpy().sum(axis=1).mean()) for layer in layers if layer.gates is not None
    )
    assert method.batch_loss(logits, torch.zeros(9, dtype=torch.int64)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("build", "pairs"), [(cnn, 2), (resnet, 7), (wide, 3)])
def test_networks_with_batch_norms_train_and_are_restored(build: Any, pairs: int) -> None:
    network = build()
    train(network, method_of(network, FBS))
    network.eval()
    assert sum(isinstance(module, GatedNorm) for module in network.modules()) == pairs
    other: Any = restored(build, FBS)
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(other(IMAGES), network(IMAGES))


def test_other_networks_are_refused() -> None:
    with pytest.raises(InputError, match=r"^fbs: takes networks for images"):
        restorer(perceptron, FBS, torch.randn(1, 7))
    with pytest.raises(InputError, match=r"^fbs: no convolution of this network has a batch norm of its own"):
        method_of(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 4)), FBS)
