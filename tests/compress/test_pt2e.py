"""Restored networks against pt2e's own graph of them, architecture by architecture."""

from collections.abc import Callable
from copy import deepcopy
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from lesion.compress.masks import prunable
from lesion.compress.methods import int8_dynamic
from lesion.errors import InputError
from lesion.models import cifar_resnet, wide_resnet
from tests.compress.quantised import (
    INT8,
    PostActivation,
    PreActivation,
    Unusual,
    converted,
    digits_net,
    images,
    inference,
    member,
    options,
    shown,
)  # fmt: skip
from tests.rounding import assert_same_logits_but_for_ties


class NormAndRectifier(nn.BatchNorm2d):
    """As timm has them."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input).relu_()


class Cast(nn.Linear):
    """As timm has it: a subclass that computes what its parent does."""

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.weight, self.bias)


def subclasses() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, stride=2), NormAndRectifier(8), nn.MaxPool2d(2), NormAndRectifier(8)),
        *(nn.Conv2d(8, 8, 1, bias=False), NormAndRectifier(8), nn.Flatten(), Cast(8, 10)),
    )


class InColour(nn.Module):
    """The class of torchvision's ResNets with one block a stage, on grey images."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)

    def forward(self, x: Tensor) -> Any:
        return self.network(x.repeat(1, 3, 1, 1))


def basic() -> nn.Module:
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=8), channels=1, side=8, classes=10)


def wide() -> nn.Module:
    return wide_resnet.build(wide_resnet.Options(depth=10, width=1), channels=1, side=8, classes=10)


@INT8
@pytest.mark.parametrize(
    ("build", "kept"),
    [
        (digits_net, []),
        (PreActivation, ["norm"]),  # a shortcut leads around it
        (PostActivation, []),
        (subclasses, ["3"]),  # it follows no layer
        (basic, []),
        (wide, ["norm", "stage1.0.norm1", "stage2.0.norm1", "stage3.0.norm1"]),  # those that follow a sum, or feed two
        (InColour, []),
        (Unusual, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_restored_computes_what_is_converted(
    method: ModuleType, build: Callable[[], nn.Module], kept: list[str]
) -> None:
    state = member(build)
    model = build().eval()
    stored = method.compressor(model, options(method), shown(images()[:100]))(state)
    restored = method.restorer(build().eval(), options(method), images()[:1])(stored)
    x = images()[100:133]
    assert_same_logits_but_for_ties(inference(restored, x), inference(converted(method, build, state), x))
    model.load_state_dict(state)
    exact = inference(model, x)
    assert 0 < (inference(restored, x) - exact).abs().max() < 0.1 * exact.abs().max()
    weights = {name for name, _, _ in prunable(model)} - {"auxiliary.weight"}
    stems = {name.removesuffix(".integers").removesuffix(".computed"): name for name in stored}
    assert all(stored[stems[name]].dtype == torch.int8 for name in weights)
    assert [name.removesuffix(".running_mean") for name in stored if name.endswith("running_mean")] == kept


class Mixed(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.conv2d(input, self.weight * input.mean())


class Left(nn.Module):
    """Layers that stay float, and one that does not."""

    hidden: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(1, 1, 3, padding=1)
        self.upwards = nn.ConvTranspose2d(1, 1, 1)
        self.mixed = Mixed(1, 1, 1)
        self.elsewhere = nn.ModuleDict({"deep": nn.Sequential(nn.Linear(8, 8))})
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.register_buffer("hidden", torch.tensor([False] * 7 + [True]), persistent=False)
        self.tokens_first = nn.Linear(8, 8)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.upwards(self.twice(self.twice(x)))
        x = self.mixed(x)[:, 0]
        x = nn.functional.linear(x, self.get_parameter("elsewhere.deep.0.weight"))
        x = self.attention(x, x, x, key_padding_mask=self.hidden.expand(x.shape[0], -1), need_weights=False)[0]
        logits: Tensor = self.head(self.tokens_first(x.transpose(0, 1)).mean(dim=0))
        return logits


LEFT = {
    "twice": "runs more than once",
    "upwards": "no convolution",
    "mixed": "depends on the image",
    "elsewhere.deep.0": "the model reads its weight",
    "attention": "attention is masked",
    "attention.out_proj": "attention is masked",
}


@INT8
def test_layers_that_cannot_be_quantised_stay_float_and_are_told(
    method: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    state = member(Left)
    with caplog.at_level("INFO", logger="lesion"):
        compress = method.compressor(Left().eval(), options(method), shown(images()[:100]))
    expected = LEFT | ({"tokens_first": "does not begin with the images"} if method is int8_dynamic else {})
    told = dict(compress.facts["left_float"])
    assert told.keys() == expected.keys()
    assert all(part in told[layer] for layer, part in expected.items())
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("lesion")]
    assert line.startswith(f"int8-{'dynamic' if method is int8_dynamic else 'static'}: layers that stay float: ")
    assert line.endswith(f"and {len(expected) - 3} more")
    stored = compress(state)
    assert stored["head.weight"].dtype == torch.int8
    assert all(torch.equal(stored[name], state[name]) for name in state if name.rpartition(".")[0] in expected)
    restored = method.restorer(Left().eval(), options(method), images()[:1])(stored)
    x = images()[100:133]
    assert_same_logits_but_for_ties(inference(restored, x), inference(converted(method, Left, state), x))


def test_a_network_whose_layers_are_all_quantised_has_no_facts() -> None:
    compress: Any = int8_dynamic.compressor(digits_net(), options(int8_dynamic), shown(images()[:1]))
    assert compress.facts == {}


class OwnWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(1, 1, 3, 3))

    def forward(self, x: Tensor) -> Any:
        return nn.functional.conv2d(x, self.kernel)


class Depends(nn.Linear):
    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) if input.sum() > 0 else input


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (OwnWeight(), r"int8-dynamic: no layer is left to quantise: the model \(its weight is that of no layer\)"),
        (Depends(8, 8), "int8-dynamic: the network cannot be exported as a graph of operators: "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_networks_of_which_nothing_can_be_quantised_are_refused(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        int8_dynamic.compressor(model.eval(), int8_dynamic.Options(of="dense"), shown(images()[:1]))


def test_an_image_of_an_unusual_network_has_its_own_ranges() -> None:
    restore = int8_dynamic.restorer(Unusual().eval(), options(int8_dynamic), images()[:1])
    compress = int8_dynamic.compressor(Unusual().eval(), options(int8_dynamic), shown(images()[:1]))
    model = restore(compress(member(Unusual)))
    x = images()[100:110]
    loud = x.clone()
    loud[1:] *= 1000
    assert_same_logits_but_for_ties(inference(model, loud)[:1], inference(model, x)[:1])


@INT8
def test_members_of_an_unusual_network_are_kept_apart(method: ModuleType) -> None:
    compress = method.compressor(Unusual().eval(), options(method), shown(images()[:100]))
    restore = method.restorer(Unusual().eval(), options(method), images()[:1])
    first, other = (compress(member(Unusual, seed)) for seed in (0, 1))
    x = images()[100:133]
    alone = inference(restore(first), x)
    assert not torch.equal(inference(restore(other), x), alone)
    copied = deepcopy(restore(first))
    restore(other)
    assert torch.equal(inference(copied, x), alone)
    assert torch.equal(inference(restore(first), x), alone)


@INT8
def test_pruned_weights_stay_zero(method: ModuleType) -> None:
    state = member(Unusual)
    for name in ("padded.weight", "attention.in_proj_weight", "more.weight"):
        state[name][torch.rand(state[name].shape) < 0.5] = 0
    stored = method.compressor(Unusual().eval(), options(method), shown(images()[:100]))(state)
    restored = method.restorer(Unusual().eval(), options(method), images()[:1])(stored).state_dict()
    for name in ("padded.weight", "attention.in_proj_weight", "more.weight"):
        assert (restored[name][state[name] == 0] == 0).all()
