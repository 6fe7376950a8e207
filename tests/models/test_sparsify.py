"""Every family trains with masks on its weights, attention's too, without a line of its own."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import SwinTransformer, VisionTransformer

from lesion import plugins
from lesion.compress.masks import MaskedNetwork, keep_largest, prunable
from tests.rounding import assert_close
from tests.training import method_of, pruned, random_split

GRADUAL = {"name": "gradual", "begin": 0.25, "end": 0.5, "every": 1.0}

SIDE, CHANNELS = 32, 3
PRODUCTS = 16 * 16 * CHANNELS + 2 * (4 * 32 + 5 + 48) + 32
"""What `vit` adds up from a pixel to a logit: a patch, of two layers attention and a perceptron, and the head."""


def named(name: str, **options: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        module = plugins.load("model", name)
        network = module.build(module.Options(**options), channels=CHANNELS, side=SIDE, classes=4)
        assert isinstance(network, nn.Module)
        return network

    return build


def vit() -> nn.Module:
    """The class of torchvision's vit_b_16 and its like, which have a hundred million parameters."""
    network: nn.Module = VisionTransformer(
        image_size=SIDE, patch_size=16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=48, num_classes=4
    )
    return network


def swin() -> nn.Module:
    """The class of torchvision's swin_t and its like."""
    network: nn.Module = SwinTransformer(
        patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=4
    )
    return network


def matrices(model: nn.Module) -> dict[str, Tensor]:
    """By their shape and name alone: all that has two dimensions, but tokens, tables of positions and scales."""
    return {
        name: tensor
        for name, tensor in model.named_parameters()
        if tensor.dim() > 1
        and not name.endswith(("token", "pos_embed", "pos_embedding", "bias_table", "layer_scale", "gain"))
    }


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(named("small-cnn", widths=[4, 6]), id="small_cnn"),
        pytest.param(named("cifar-resnet", depth=8), id="cifar_resnet"),
        pytest.param(named("wide-resnet", depth=10, width=1), id="wide_resnet"),
        *(
            pytest.param(named("torchvision", architecture=name), id=f"torchvision {name}")
            for name in ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5")
        ),
        *(pytest.param(build, id=f"torchvision {build.__name__}") for build in (vit, swin)),
        *(
            pytest.param(named("timm", architecture=name), id=f"timm {name}")
            for name in ("vit_tiny_patch16_224", "test_resnet", "test_efficientnet", "test_convnext")
        ),
    ],
)
def test_two_steps_leave_exactly_half_of_each_matrix(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    model, plain = build(), build()
    plain.load_state_dict(model.state_dict())
    method = method_of(model, pruned(schedule=GRADUAL), steps=4, split=random_split(side=SIDE, channels=CHANNELS))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    images, label = torch.randn(4, CHANNELS, SIDE, SIDE), torch.arange(4)
    for step in (2, 3):  # of four: the masks of half of all weights are set before the third
        method.before_step(step, optimiser)
        optimiser.zero_grad()
        functional.cross_entropy(model(images), label).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    model.eval()
    with torch.no_grad():
        masked = model(images)
        method.finish()
        assert_close(model(images), masked, operations=2**13)  # the deepest adds up some thousand products a layer
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert [type(module) for module in model.modules()] == [type(module) for module in plain.modules()]
    assert [name for name, _, _ in prunable(model)] == list(matrices(plain))
    for name, tensor in matrices(model).items():
        assert int((tensor == 0).sum()) == round(0.5 * tensor.numel()), name
        assert not torch.equal(tensor, plain.get_parameter(name)), name
    for name, tensor in model.named_parameters():
        assert name in matrices(model) or not (tensor == 0).all() or (plain.get_parameter(name) == 0).all(), name


@pytest.mark.parametrize("training", [False, True], ids=["the fast path of attention", "its slow path"])
def test_masked_attention_computes_with_zeros(training: bool) -> None:
    torch.manual_seed(0)
    model = vit().train(training)
    plain = copy.deepcopy(model)
    masked = MaskedNetwork(model)
    assert len(masked.weights()) == 1 + 2 * 4 + 1  # patches; attention's two and the perceptron's two; the head
    nn.init.normal_(masked.weights()["heads.head.weight"])  # as made it is zero, and so are the logits
    masks = {name: torch.rand_like(weight) < 0.3 for name, weight in masked.weights().items()}
    masked.set(masks)
    images = torch.randn(2, CHANNELS, SIDE, SIDE)
    with torch.no_grad():
        for name, weight in masked.weights().items():
            plain.get_parameter(name).copy_(weight.where(masks[name], 0))
        expected = plain(images)
        assert_close(model(images), expected, operations=PRODUCTS)
        masked.remove()
        assert_close(model(images), expected, operations=PRODUCTS)
    assert expected.abs().max() > 0.1
    assert model.state_dict().keys() == plain.state_dict().keys()
    for name, mask in masks.items():
        assert torch.equal(model.state_dict()[name] == 0, ~mask)


def test_masked_attention_gets_no_gradient() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    masked = MaskedNetwork(layer)
    masked.set({name: keep_largest(weight.abs(), weight.shape[1] // 2) for name, weight in masked.weights().items()})
    layer(torch.randn(3, 5, 8)).square().sum().backward()
    original = layer.get_parameter("self_attn.parametrizations.in_proj_weight.original")
    mask = layer.get_buffer("self_attn.parametrizations.in_proj_weight.0.mask") != 0
    assert original.grad is not None
    assert int((~mask).sum()) == original.numel() // 2
    assert (original.grad[~mask] == 0).all()
    assert (original.grad[mask] != 0).any()
