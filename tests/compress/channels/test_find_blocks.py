"""Blocks of known networks: which channels leave together, and that the network without them computes the same."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.channels.shrink import shrink
from lesion.compress.masks import prunable


def draw_weights(network: nn.Module, seed: int) -> nn.Module:
    """The network in float64 with random weights and statistics of norms."""
    draw = torch.Generator().manual_seed(seed)
    for name, tensor in network.double().eval().state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=draw, dtype=torch.float64) - 0.4)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.1)
    return network


def check_rows(network: nn.Module, sets: list[ChannelSet]) -> None:
    """Each row of the weight of each layer belongs to one channel."""
    rows = {name: len(getattr(layer, attribute)) for name, layer, attribute in prunable(network)}
    found: dict[str, list[int]] = {name: [] for name in rows}
    for one in sets:
        for part in (*one.writers, *one.followers):
            if part.name in rows and part.dim == 0:
                found[part.name].extend(part.index.flatten().tolist())
    assert {name: sorted(places) for name, places in found.items()} == {n: [*range(k)] for n, k in rows.items()}


def check_removal(network: nn.Module, images: Tensor, seed: int = 0) -> list[ChannelSet]:
    """Take half of all channels that can leave; the network has to compute what it does if nobody reads them."""
    draw_weights(network, seed)
    images = images.double()
    sets = find_channels(network, images[:1])
    check_rows(network, sets)
    draw = torch.Generator().manual_seed(seed)
    keep = []
    silent, small = deepcopy(network), deepcopy(network)
    for one in sets:
        kept = torch.rand(one.size, generator=draw) < 0.5
        kept[int(torch.randint(one.size, (1,), generator=draw))] = True
        if not one.fixed:
            keep.append((one, kept))
            for part in one.readers:
                silent.get_parameter(part.name).data.index_fill_(part.dim, part.index[~kept].flatten(), 0.0)
    shrink(small, keep)
    with torch.no_grad():
        torch.testing.assert_close(small(images), silent(images), rtol=1e-10, atol=1e-10)
        assert all(kept.all() for _, kept in keep) or not torch.equal(silent(images), network(images))
    return sets


class Shuffled(nn.Module):
    """A block of ShuffleNet: half of the channels pass, the others are computed, and both are mixed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels // 2, channels // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w), same shape back."""
        kept, changed = x.chunk(2, dim=1)
        both = torch.cat([kept, self.conv(changed).relu()], dim=1)
        n, channels, h, w = both.shape
        mixed: Tensor = both.view(n, 2, channels // 2, h, w).transpose(1, 2).reshape(n, channels, h, w)
        return mixed


class Split(nn.Module):
    """A block that parts its channels at a place that the code holds."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, 6, h, w) to (n, 3, h, w)."""
        one, other = torch.split(x, 3, dim=1)
        gated: Tensor = one * other.sigmoid()
        return gated


class Scaled(nn.Module):
    """A block of ConvNeXt: depthwise convolution, layer norm over channels, hidden units, a scale of each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.inner, self.outer = nn.Linear(channels, 6), nn.Linear(6, channels)
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w), same shape back."""
        normed = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y: Tensor = self.outer(functional.gelu(self.inner(normed))) * self.scale
        return x + y.permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Attention as timm writes it: one projection for queries, keys and values."""

    def __init__(self, features: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.num_heads, self.head_dim, self.attn_dim = heads, features // heads, features
        self.fused = fused
        self.qkv, self.proj = nn.Linear(features, 3 * features), nn.Linear(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """(n, positions, features), same shape back."""
        n, positions, _ = x.shape
        qkv = self.qkv(x).reshape(n, positions, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        if self.fused:
            y = functional.scaled_dot_product_attention(q, k, v)
        else:
            y = ((q * self.head_dim**-0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        found: Tensor = self.proj(y.transpose(1, 2).reshape(n, positions, self.attn_dim))
        return found


class FusedHeads(Attention):
    """The same, but the code computes the number of features from what it reads."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, positions, features), same shape back."""
        n, positions, features = x.shape
        qkv = self.qkv(x).reshape(n, positions, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(*qkv.unbind(0))
        found: Tensor = self.proj(y.transpose(1, 2).reshape(n, positions, features))
        return found


class SelfAttention(nn.Module):
    """Attention of torch, with itself."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(features, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(n, positions, features), same shape back."""
        found: Tensor = self.attention(x, x, x, need_weights=False)[0]
        return found


class Transformer(nn.Module):
    """Patches, a class token, positions, attention, hidden units, and the class token's logits."""

    def __init__(self, attention: nn.Module, features: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, features, 4, stride=4)
        self.token = nn.Parameter(torch.ones(1, 1, features))
        self.positions = nn.Parameter(torch.ones(1, 5, features))
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(2))
        self.attention = attention
        self.hidden = nn.Sequential(nn.Linear(features, 7), nn.GELU(), nn.Linear(7, features))
        self.head = nn.Linear(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 8, 8) to (n, 3)."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        x = x + self.attention(self.norms[0](x))
        x = x + self.hidden(self.norms[1](x))
        logits: Tensor = self.head(x[:, 0])
        return logits


class Positions(nn.Module):
    """A block of Mixer: hidden units that mix the positions of each channel."""

    def __init__(self, positions: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Linear(positions, 6), nn.GELU(), nn.Linear(6, positions))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w), same shape back."""
        mixed: Tensor = self.mix(x.flatten(2)).view_as(x)
        return x + mixed


class Standardised(nn.Conv2d):
    """A convolution that standardises its weight."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w)."""
        flat = self.weight.flatten(1)
        weight = (flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True)
        return functional.conv2d(x, weight.view_as(self.weight), self.bias, padding=self.padding)


CODE = "a view in the network's code holds their number"
IMAGES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def network(*blocks: nn.Module, width: int = 6, last: int = 6) -> nn.Module:
    """Blocks between a first convolution and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 3)
    )


def by_writer(sets: list[ChannelSet]) -> dict[str, tuple[int, str]]:
    """Size and reason of each set by its first writer."""
    return {one.writers[0].name: (one.size, one.fixed) for one in sets}


def test_halves_that_are_shuffled_lose_the_same_channels() -> None:
    sets = check_removal(network(Shuffled(8), Shuffled(8), width=8, last=8), IMAGES)
    assert not any(one.fixed for one in sets[:-1])
    rows = torch.cat([one.writers[0].index.flatten() for one in sets if one.writers[0].name == "0.weight"])
    assert sorted(rows.tolist()) == [*range(8)]


def test_channels_that_the_code_counts_stay() -> None:
    sets = check_removal(network(Split(), last=3), IMAGES)
    assert by_writer(sets)["0.weight"][1] == "a split in the network's code holds their number"


def test_hidden_units_leave_where_a_layer_norm_holds_the_channels() -> None:
    sets = by_writer(check_removal(network(Scaled(6), Scaled(6)), IMAGES))
    assert sets == {
        "0.weight": (6, "a layer norm over the channels"),
        "1.inner.weight": (6, ""),
        "2.inner.weight": (6, ""),
        "5.weight": (3, "the network's output"),
    }


def test_a_scale_without_a_norm_leaves_with_its_channel() -> None:
    block = Scaled(6)
    block.norm = nn.Identity()  # type: ignore[assignment]
    sets = check_removal(network(block), IMAGES)
    assert by_writer(sets)["0.weight"] == (6, "")
    assert {"1.scale", "1.depthwise.weight"} <= {part.name for part in sets[0].followers}


@pytest.mark.parametrize(("groups", "fixed"), [(2, "a group norm over channels"), (6, "")])
def test_group_norms_hold_channels_unless_each_is_a_group(groups: int, fixed: str) -> None:
    sets = check_removal(network(nn.GroupNorm(groups, 6)), IMAGES)
    assert by_writer(sets)["0.weight"] == (6, fixed)


@pytest.mark.parametrize("attention", [Attention(8, 4, fused=True), Attention(8, 4, fused=False), SelfAttention(8, 4)])
def test_heads_leave_as_channels(attention: nn.Module) -> None:
    sets = check_removal(Transformer(attention, 8), IMAGES)
    stream, heads, hidden, _ = sets
    assert (stream.size, stream.fixed) == (8, "a layer norm over the channels")
    assert {"token", "positions", "norms.0.weight"} <= {part.name for part in stream.followers}
    assert (heads.size, heads.fixed, hidden.size, hidden.fixed) == (4, "", 7, "")
    (writer,), (reader,) = heads.writers, heads.readers
    own = torch.arange(8).view(4, 2)
    assert torch.equal(writer.index, torch.cat([own, own + 8, own + 16], dim=1))
    assert torch.equal(reader.index, own)


def test_heads_stay_where_the_code_counts_features() -> None:
    _, heads, hidden, _ = check_removal(Transformer(FusedHeads(8, 4, fused=True), 8), IMAGES)
    assert (heads.size, heads.fixed) == (4, CODE)
    assert not hidden.fixed


def test_hidden_units_leave_that_mix_positions() -> None:
    sets = by_writer(check_removal(network(Positions(64)), IMAGES))
    assert sets["1.mix.0.weight"] == (6, "")
    assert sets["0.weight"][1]


def test_standardised_weights_hold_what_they_read_and_write() -> None:
    sets = check_removal(
        network(nn.ReLU(), Standardised(6, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 6, 1), nn.ReLU()), IMAGES
    )
    reason = "a layer standardises its weight, or computes it otherwise"
    assert by_writer(sets) == {
        "0.weight": (6, reason), "2.weight": (5, reason), "4.weight": (6, ""), "8.weight": (3, "the network's output"),
    }  # fmt: skip


class Counted(nn.Module):
    """A flatten whose code holds the number of features."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, 6, h, w) to (n / (h w), 6 h w) for images of 8 by 8."""
        return x.view(-1, 6 * 8 * 8)


@pytest.mark.parametrize(("flatten", "fixed"), [(nn.Flatten(), ""), (Counted(), CODE)])
def test_a_flatten_may_count_channels(flatten: nn.Module, fixed: str) -> None:
    sets = check_removal(nn.Sequential(nn.Conv2d(3, 6, 1), flatten, nn.Linear(6 * 8 * 8, 3)), IMAGES)
    assert by_writer(sets)["0.weight"] == (6, fixed)


def test_padding_around_an_image_holds_no_channel() -> None:
    sets = check_removal(network(nn.ZeroPad2d((0, 1, 2, 0)), nn.Conv2d(6, 6, 3)), IMAGES)
    assert [one.fixed for one in sets] == ["", "", "the network's output"]
