from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.models import Beit
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from lesion.compress.multiply_adds import uses_of_weights, weights_in_use

MATRIX_PRODUCTS = {torch.ops.aten.convolution, torch.ops.aten.addmm, torch.ops.aten.mm}


def multiply_adds(network: nn.Module, shape: tuple[int, int, int]) -> int:
    uses = uses_of_weights(network, shape)
    return sum(int((times * network.get_parameter(name).flatten(1).shape[1]).sum()) for name, times in uses.items())


def of_torchvision(name: str) -> nn.Module:
    """With whatever weights lie in memory: drawing them takes longer than running the network."""
    with torch.device("meta"):
        network: nn.Module = models.get_model(name)
    return network.to_empty(device="cpu")


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "mobilenet_v2"])
def test_convolutional_networks_take_what_torchvision_publishes(name: str) -> None:
    published = models.get_model_weights(name).DEFAULT.meta["_ops"]  # 10⁹ multiply-adds, to three decimals
    assert round(multiply_adds(of_torchvision(name), (3, 224, 224)) / 1e9, 3) == published


def test_a_vision_transformer_takes_what_torchvision_publishes_but_for_products_of_activations() -> None:
    tokens, width, layers = 14 * 14 + 1, 768, 12
    attention = layers * 2 * tokens**2 * width  # query · key and attention · value, which have no weights
    found = multiply_adds(of_torchvision("vit_b_16"), (3, 224, 224))
    assert round((found + attention) / 1e9, 3) == models.ViT_B_16_Weights.DEFAULT.meta["_ops"]


def vit() -> nn.Module:
    network: nn.Module = models.VisionTransformer(
        image_size=32, patch_size=16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=48, num_classes=4
    )
    return network


def swin() -> nn.Module:
    network: nn.Module = models.SwinTransformer(
        patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=4
    )
    return network


def beit() -> nn.Module:
    network: nn.Module = Beit(img_size=32, patch_size=16, embed_dim=32, depth=2, num_heads=2, num_classes=4)
    return network


def encoder() -> nn.Module:
    """torch's own, which has a fast path that runs no layer."""
    layer = nn.TransformerEncoderLayer(12, 3, dim_feedforward=20, batch_first=True)
    return nn.Sequential(
        nn.Flatten(2), nn.Linear(1024, 12), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    )


@pytest.mark.parametrize("build", [vit, swin, beit, encoder, lambda: models.shufflenet_v2_x0_5(num_classes=4)])
def test_weights_take_what_torch_counts_of_convolutions_and_products_of_two_dimensions(
    build: Callable[[], nn.Module],
) -> None:
    network = build().eval()
    with FlopCounterMode(display=False) as counter:  # two operations a multiply-add
        network(torch.zeros(1, 3, 32, 32))  # with gradients, since it does not see what the fast path does
    counted = sum(n for kind, n in counter.get_flop_counts()["Global"].items() if kind in MATRIX_PRODUCTS)
    assert 2 * multiply_adds(network, (3, 32, 32)) == counted > 0


@settings(max_examples=40)
@given(
    groups=st.sampled_from([1, 2, 4]),
    kernel=st.sampled_from([(1, 1), (3, 3), (2, 5)]),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    transposed=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_a_pruned_convolution_takes_as_many_as_ones_through_its_mask_add_up_to(
    groups: int, kernel: tuple[int, int], stride: int, dilation: int, padding: int, transposed: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    layer = kind(4, 8, kernel, stride, 0 if transposed else padding, groups=groups, dilation=dilation)
    mask = torch.rand_like(layer.weight) < 0.4
    ones = torch.ones(1, 4, 9, 11)
    if transposed:
        sums = functional.conv_transpose2d(ones, mask.float(), stride=stride, groups=groups, dilation=dilation)
    else:
        padded = functional.pad(ones, [padding] * 4, value=1.0)
        sums = functional.conv2d(padded, mask.float(), stride=stride, groups=groups, dilation=dilation)
    (times,) = uses_of_weights(nn.Sequential(layer), (4, 9, 11)).values()
    sums = sums.round()  # a kernel may take a detour through fractions (Winograd's does); counts are whole
    assert int((times * mask.flatten(1).sum(dim=1)).sum()) == int(sums.double().sum())


class Attends(nn.Module):
    """Five tokens ask nine."""

    def __init__(self, **dims: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, bias=False, batch_first=True, **dims)
        self.key_dim, self.value_dim = dims.get("kdim", 8), dims.get("vdim", 8)

    def forward(self, x: Tensor) -> Tensor:
        key, value = x.new_zeros(1, 9, self.key_dim), x.new_zeros(1, 9, self.value_dim)
        said: Tensor = self.attention(x.new_zeros(1, 5, 8), value=value, key=key)[0]
        return said


def test_attention_multiplies_each_projection_by_its_own_tokens() -> None:
    uses = uses_of_weights(Attends(), (1, 1, 1))
    assert uses["attention.in_proj_weight"].tolist() == [5] * 8 + [9] * 16
    assert uses["attention.out_proj.weight"].tolist() == [5] * 8


def test_attention_to_vectors_of_another_width() -> None:
    uses = uses_of_weights(Attends(kdim=6, vdim=3), (1, 1, 1))
    assert {name.removeprefix("attention."): int(times.max()) for name, times in uses.items()} == {
        "q_proj_weight": 5,
        "k_proj_weight": 9,
        "v_proj_weight": 9,
        "out_proj.weight": 5,
    }


class Unusual(nn.Module):
    """One layer runs twice, one is read by another, one standardises its weight first, and one never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.never = nn.Linear(4, 4)
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.standardised = Standardised(3, 6, 2, stride=2)
        self.read = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.standardised(self.twice(self.twice(x)))
        return functional.linear(x.flatten(2).transpose(1, 2), weight=self.read.weight)


class Standardised(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight - self.weight.mean(), self.bias, self.stride)


def test_every_call_counts_and_layers_are_in_the_order_of_the_network() -> None:
    uses = uses_of_weights(Unusual(), (3, 6, 8))
    found = [(name, set(times.tolist())) for name, times in uses.items()]
    assert found == [
        ("never.weight", {0}),
        ("twice.weight", {2 * 6 * 8}),
        ("standardised.weight", {3 * 4}),
        ("read.weight", {3 * 4}),
    ]


def test_the_network_is_as_it_was_afterwards() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first = uses_of_weights(network, (1, 4, 4))
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    again = uses_of_weights(network, (1, 4, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_weights_in_use_are_what_the_operators_get() -> None:
    network = Unusual()
    found = weights_in_use(network, (3, 6, 8))
    state = network.state_dict()
    assert torch.equal(found["standardised.weight"], state["standardised.weight"] - state["standardised.weight"].mean())
    for name in ("never.weight", "twice.weight", "read.weight"):
        assert torch.equal(found[name], state[name])


def test_weights_in_use_of_a_parametrised_layer_are_computed() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    network = nn.Sequential(nn.Flatten(), layer)
    (found,) = weights_in_use(network, (1, 2, 2)).values()
    assert torch.equal(found, layer.weight)
