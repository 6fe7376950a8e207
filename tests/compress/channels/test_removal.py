"""A removed network computes what the masked one does, for random residual networks."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.channels.branches import drop_zero_branches
from lesion.compress.channels.find import find_channels
from lesion.compress.channels.leaving import PADDED
from lesion.compress.channels.removal import remove_idle
from lesion.models.residual import Basic
from tests.compress.channels.masking import mask_channels
from tests.compress.channels.test_find import random_network
from tests.compress.channels.test_find_blocks import Attention, SelfAttention, Transformer, draw_weights


def images(seed: int, count: int = 4) -> Tensor:
    """float64 (count, 3, 8, 8)."""
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def masked(seed: int, *, constants: bool) -> nn.Module:
    """A random network in float64, whose channels are masked at random."""
    network = random_network(seed)
    mask_channels(network, images(seed, 1), torch.Generator().manual_seed(seed), constants=constants)
    return network


def same(one: nn.Module, other: nn.Module, shown: Tensor) -> bool:
    with torch.no_grad():
        expected, found = one(shown), other(shown)
    return bool((found - expected).abs().max() <= 1e-9 * expected.abs().max())


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("constants", [False, True], ids=["zeros", "constants"])
@pytest.mark.parametrize("seed", range(25))
def test_the_removed_network_computes_what_the_masked_one_does(seed: int, constants: bool) -> None:
    network = masked(seed, constants=constants)
    small = deepcopy(network)
    found = remove_idle(small, [images(seed + 100)])
    assert same(network, small, images(seed + 200))
    assert (parameters(small) < parameters(network)) == (found.left < found.channels)


@pytest.mark.parametrize("seed", range(12))
def test_all_that_is_masked_leaves_where_no_constant_is_left(seed: int) -> None:
    torch.manual_seed(seed)
    network = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
        *(Basic(8, 8, stride=1), Basic(8, 12, stride=2, shortcut="convolution")),
        *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(48, 5)),
    )
    network = network.double().eval()
    example = images(seed, 1)
    before = find_channels(network, example)
    mask_channels(network, example, torch.Generator().manual_seed(seed))
    zero = {
        name: (tensor == 0).flatten(1).all(dim=1) for name, tensor in network.state_dict().items() if tensor.dim() > 1
    }
    expected = 0
    for channels in before:
        part = channels.writers[0]
        expected += max(1, int((~zero[part.name][part.index[:, 0]]).sum()))
    found = remove_idle(network, [images(seed)])
    assert (found.left, found.stay) == (expected, {})


@pytest.mark.parametrize("seed", range(12))
def test_each_set_keeps_a_multiple(seed: int) -> None:
    network = masked(seed, constants=seed % 2 == 1)
    drop_zero_branches(network)  # which leave whole
    fewest, rounded = deepcopy(network), deepcopy(network)
    remove_idle(fewest, [images(seed)])
    remove_idle(rounded, [images(seed)], multiple=2)
    assert same(network, rounded, images(seed + 1))
    whole, few, round_ = (find_channels(one, images(seed, 1)) for one in (network, fewest, rounded))
    assert len(whole) == len(few) == len(round_)
    for all_, needed, kept in zip(whole, few, round_, strict=True):
        assert kept.size == min(all_.size, -(-needed.size // 2) * 2)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_channels_leave_in_any_layout_of_the_images(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), Basic(4, 6, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)
    )
    network = network.double().eval()
    mask_channels(network, images(0, 1), torch.Generator().manual_seed(1))
    found = remove_idle(network, [images(1).contiguous(memory_format=layout)])
    assert (found.channels, found.left, found.stay) == (17, 12, {})


def bordered(*, padding: int) -> nn.Sequential:
    """Two convolutions; the first has a channel that is the constant 2 and another that is 0."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3, padding=padding, bias=False))
    network.append(nn.Flatten()).append(nn.LazyLinear(3))
    network = network.double().eval()
    network(images(0))
    state = network.state_dict()
    state["0.weight"][:2] = 0
    state["0.bias"][:2] = torch.tensor([2.0, -1.0])
    return network


def test_a_constant_leaves_where_the_next_layer_adds_no_border() -> None:
    network = bordered(padding=0)
    small = deepcopy(network)
    assert remove_idle(small, [images(1)]).stay == {}
    state, weight = small.state_dict(), network.state_dict()["2.weight"]
    assert state["0.weight"].shape[0] == 2
    assert torch.allclose(state["2.bias"].double(), 2 * weight[:, 0].sum(dim=(1, 2)))


def test_a_constant_beside_a_border_of_zeros_stays_and_is_told() -> None:
    network = bordered(padding=1)
    found = remove_idle(network, [images(1)])
    assert found.stay == {PADDED: 1}
    assert network.state_dict()["0.weight"].shape[0] == 3


def test_what_nobody_reads_leaves_with_all_that_it_alone_needs() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)).double().eval()
    state = network.state_dict()
    state["4.weight"][:, :2] = 0  # two of four features are not read
    state["2.weight"][2:, :3] = 0  # the other two do not read three of six
    example = torch.randn(5, 3, dtype=torch.float64)
    small = deepcopy(network)
    remove_idle(small, [example])
    assert [tuple(small.state_dict()[f"{layer}.weight"].shape) for layer in (0, 2, 4)] == [(3, 3), (2, 3), (2, 2)]
    assert same(network, small, example)


@pytest.mark.parametrize("attention", [Attention(8, 4, fused=True), Attention(8, 4, fused=False), SelfAttention(8, 4)])
def test_heads_and_hidden_units_of_a_transformer_leave(attention: nn.Module) -> None:
    network = draw_weights(Transformer(attention, 8), 0)
    gone = {"heads": [0, 3], "hidden": [1, 2, 5]}
    _, heads, hidden, _ = find_channels(network, images(0, 1))
    for channels, places in ((heads, gone["heads"]), (hidden, gone["hidden"])):
        for part in channels.writers + channels.followers:
            network.state_dict()[part.name].index_fill_(part.dim, part.index[places].flatten(), 0.0)
    small = deepcopy(network)
    remove_idle(small, [images(1)])
    assert same(network, small, images(2))
    assert [one.size for one in find_channels(small, images(0, 1))] == [8, 2, 4, 3]
