"""Sets of tied channels: zeroing a channel and taking it out give the same network, for random residual networks."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.channels.shrink import resize, shrink
from lesion.errors import InputError
from lesion.models.residual import Basic, PreActivation, Shortcut


class Dense(nn.Module):
    """A block that puts its output beside its input."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, growth, 3, padding=1), nn.BatchNorm2d(growth)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, inputs + growth, h, w)."""
        return torch.cat([x, self.norm(self.conv(x)).relu()], dim=1)


class Gated(nn.Module):
    """A block whose channels are multiplied by gates of their means (squeeze and excitation)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(channels, 3), nn.Linear(3, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w), same shape back."""
        gate: Tensor = self.outer(self.inner(x.mean((2, 3))).relu()).sigmoid()
        return x * gate[:, :, None, None]


def random_network(seed: int) -> nn.Module:
    """A network of random blocks on images (n, 3, 8, 8), float64, with random batch norms."""
    draw = torch.Generator().manual_seed(seed)

    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=draw))

    width = integer(2, 5)
    blocks: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    for _ in range(integer(1, 4)):
        kind, more = integer(0, 5), integer(0, 3)
        if kind == 0:
            blocks.append(Basic(width, width, stride=1))
        elif kind == 1:
            shortcut: tuple[Shortcut, ...] = ("zeros", "zeros-around", "convolution")
            blocks.append(Basic(width, width + more, stride=integer(1, 2), shortcut=shortcut[integer(0, 2)]))
            width += more
        elif kind == 2:
            blocks.append(PreActivation(width, width + more, stride=1, dropout=0.0))
            width += more
        elif kind == 3:
            blocks += [nn.Conv2d(width, width, 3, padding=1, groups=width), nn.BatchNorm2d(width), nn.ReLU6()]
        elif kind == 4:
            blocks.append(Dense(width, more + 1))
            width += more + 1
        else:
            blocks.append(Gated(width))
    head = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, 6), nn.ReLU(), nn.Linear(6, 5)]
    network = nn.Sequential(*blocks, *head).double().eval()
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=draw, dtype=torch.float64) - 0.4)
        if name.endswith("running_var"):
            tensor.abs_().add_(0.1)
    return network


def silenced(network: nn.Module, channels: ChannelSet, gone: Tensor) -> nn.Module:
    """A copy in which what these channels' readers read counts for nothing, so that they could as well not be there."""
    copy = deepcopy(network)
    for part in channels.readers:
        weight = copy.get_parameter(part.name).data
        weight.index_fill_(part.dim, part.index[gone].flatten(), 0.0)
    return copy


@pytest.mark.parametrize("seed", range(25))
def test_channels_that_nobody_reads_leave_the_function_alone(seed: int) -> None:
    network = random_network(seed)
    draw = torch.Generator().manual_seed(seed)
    images = torch.rand(4, 3, 8, 8, generator=draw, dtype=torch.float64)
    for channels in find_channels(network, images[:1]):
        if channels.fixed or channels.size < 2:
            continue
        gone = torch.rand(channels.size, generator=draw) < 0.5
        gone[0] = False
        expected = silenced(network, channels, gone)
        small = deepcopy(network)
        shrink(small, [(channels, ~gone)])
        with torch.no_grad():
            assert torch.allclose(small(images), expected(images), rtol=1e-10, atol=1e-10)
        assert (
            sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in network.parameters()) or not gone.any()
        )


@pytest.mark.parametrize("seed", range(25))
def test_each_row_that_is_computed_belongs_to_one_channel(seed: int) -> None:
    network = random_network(seed)
    found: dict[str, list[int]] = {}
    for channels in find_channels(network, torch.rand(1, 3, 8, 8, dtype=torch.float64)):
        for part in (*channels.writers, *channels.followers):
            found.setdefault(part.name, []).extend(part.index.flatten().tolist())
    weights = {name: len(tensor) for name, tensor in network.state_dict().items() if tensor.dim()}
    assert {name: sorted(rows) for name, rows in found.items()} == {n: [*range(k)] for n, k in weights.items()}


def test_only_the_outputs_of_the_network_are_fixed() -> None:
    network = random_network(1)
    fixed = [
        channels for channels in find_channels(network, torch.rand(1, 3, 8, 8, dtype=torch.float64)) if channels.fixed
    ]
    assert [channels.size for channels in fixed] == [5]
    assert fixed[0].fixed == "the network's output"


def test_a_zero_shortcut_ties_the_channels_that_it_passes_on() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), Basic(4, 6, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)
    )
    found = {tuple(p.name for p in s.writers): s.size for s in find_channels(network, torch.rand(1, 3, 8, 8))}
    assert found == {
        ("0.weight", "1.conv2.weight"): 4,
        ("1.conv1.weight",): 6,
        ("1.conv2.weight",): 2,
        ("4.weight",): 2,
    }


def test_groups_lose_the_same_channels() -> None:
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 4, 1, groups=2), nn.Conv2d(4, 2, 1))
    first, second, _ = find_channels(network, torch.rand(1, 3, 2, 2))
    assert first.writers[0].index.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert second.writers[0].index.tolist() == [[0, 2], [1, 3]]


def test_a_layer_that_runs_twice_ties_its_channels() -> None:
    shared = nn.Linear(4, 4)
    network = nn.Sequential(nn.Linear(3, 4), shared, nn.ReLU(), shared, nn.Linear(4, 2))
    found = find_channels(network, torch.rand(1, 3))
    assert [(channels.size, bool(channels.fixed)) for channels in found] == [(4, False), (2, True)]


def test_what_is_not_understood_is_fixed_and_named() -> None:
    class Sorts(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            """Any shape, same shape back."""
            return x.sort(dim=1).values

    channels, _ = find_channels(nn.Sequential(nn.Linear(3, 4), Sorts(), nn.Linear(4, 2)), torch.rand(1, 3))
    assert channels.fixed == "operation sort reads it"


def test_a_network_is_resized_to_stored_tensors() -> None:
    network, images = random_network(3), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    small = deepcopy(network)
    shrink(
        small,
        [
            (channels, torch.arange(channels.size) != 1)
            for channels in find_channels(network, images[:1])
            if not channels.fixed
        ],
    )
    resize(network, small.state_dict())
    with torch.no_grad():
        assert torch.equal(network(images), small(images))


def test_a_tensor_of_another_network_is_told() -> None:
    network = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(InputError, match="has shape"):
        resize(network, {"0.weight": torch.zeros(4), "0.bias": torch.zeros(4)})


def test_new_channels_on_both_sides_of_a_shortcut_stay() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), Basic(4, 8, stride=2, shortcut="zeros-around"), nn.Flatten(), nn.Linear(32, 2)
    )
    found = find_channels(network, torch.rand(1, 3, 4, 4))
    assert sum(channels.size for channels in found if channels.fixed == "added to a value that is not followed") == 4
