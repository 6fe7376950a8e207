"""The residual networks for small images, against the published counts and the papers' equations."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.errors import InputError
from lesion.models import cifar_resnet, wide_resnet
from lesion.models.residual import Basic, PreActivation
from tests.models.counting import WithoutMemory, parameters


def resnet(*, channels: int = 3, classes: int = 10, **options: Any) -> nn.Module:
    return cifar_resnet.build(cifar_resnet.Options(**options), channels=channels, side=32, classes=classes)


def wrn(*, channels: int = 3, classes: int = 10, **options: Any) -> nn.Module:
    return wide_resnet.build(wide_resnet.Options(**options), channels=channels, side=32, classes=classes)


@pytest.mark.parametrize(
    ("depth", "exact", "published"),
    [(20, 269_722, 0.27), (32, 464_154, 0.46), (44, 658_586, 0.66), (56, 853_018, 0.85), (110, 1_727_962, 1.7)],
)
def test_parameters_of_resnets_are_the_published_ones(depth: int, exact: int, published: float) -> None:
    """He et al., table 6, in millions. Exactly: 16 + 32 + 64 filters, each batch norm two numbers a filter."""
    n = (depth - 2) // 6
    convolutions = 27 * 16 + 9 * (16 * 16 * 2 * n + 32 * 16 + 32 * 32 * (2 * n - 1) + 64 * 32 + 64 * 64 * (2 * n - 1))
    norms = 2 * (16 + 2 * n * (16 + 32 + 64))
    with WithoutMemory():
        count = parameters(resnet(depth=depth))
    assert count == exact == convolutions + norms + 64 * 10 + 10
    assert float(f"{count / 1e6:.2g}") == published


def wide_parameters(depth: int, width: int) -> int:
    """Convolutions, of shortcuts too, batch norms before each convolution and at the end, the linear layer."""
    count, inputs, n = 27 * 16, 16, (depth - 4) // 6
    for outputs in (16 * width, 32 * width, 64 * width):
        count += 9 * inputs * outputs + 9 * outputs * outputs * (2 * n - 1) + (inputs != outputs) * inputs * outputs
        count += 2 * inputs + 2 * outputs * (2 * n - 1)
        inputs = outputs
    return count + 2 * inputs + 10 * inputs + 10


@pytest.mark.parametrize(
    ("depth", "width", "published"),
    [(40, 1, 0.6), (40, 2, 2.2), (40, 4, 8.9), (16, 8, 11.0), (22, 8, 17.2), (16, 10, 17.1), (28, 10, 36.5)],
)
def test_parameters_of_wide_resnets_are_the_published_ones(depth: int, width: int, published: float) -> None:
    """Zagoruyko & Komodakis, tables 3 and 4, in millions."""
    with WithoutMemory():
        count = parameters(wrn(depth=depth, width=width))
    assert count == wide_parameters(depth, width)
    assert round(count / 1e6, 1) == published


def test_the_wide_resnet_that_needs_no_options_is_wrn_16_4() -> None:
    assert parameters(wrn()) == parameters(wrn(depth=16, width=4)) == wide_parameters(16, 4) == 2_748_890


@pytest.mark.parametrize("build", [resnet, wrn])
@pytest.mark.parametrize(("channels", "side", "classes"), [(1, 8, 10), (3, 32, 100), (3, 33, 2)])
def test_logits_have_a_row_for_each_image(
    build: Callable[..., nn.Module], channels: int, side: int, classes: int
) -> None:
    model = build(depth={resnet: 8, wrn: 10}[build], width=1, channels=channels, classes=classes)
    assert model(torch.rand(5, channels, side, side)).shape == (5, classes)


def test_a_first_convolution_of_stride_2_quarters_the_image_and_adds_no_parameter() -> None:
    model = resnet(depth=8, stride=2)
    assert model.get_submodule("conv")(torch.rand(1, 3, 32, 32)).shape == (1, 16, 16, 16)
    assert parameters(model) == parameters(resnet(depth=8))


def convolve(x: Tensor, layer: nn.Conv2d) -> Tensor:
    return functional.conv2d(x, layer.weight, stride=layer.stride, padding=layer.padding)


def normalise(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Batch statistics: the norms here are untrained, weight 1 and bias 0."""
    return (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), keepdim=True, correction=0) + norm.eps).sqrt()


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(4, 4, 1), (4, 8, 2), (4, 7, 2)])
def test_a_basic_block_is_its_equation(inputs: int, outputs: int, stride: int) -> None:
    block, x = Basic(inputs, outputs, stride=stride), torch.randn(3, inputs, 6, 6)
    before = x.clone()
    shortcut = torch.zeros(3, outputs, 6 // stride, 6 // stride)
    for channel in range(inputs):
        shortcut[:, channel] = x[:, channel, ::stride, ::stride]
    inner = normalise(convolve(x, block.conv1), block.norm1).clamp(min=0)
    expected = (normalise(convolve(inner, block.conv2), block.norm2) + shortcut).clamp(min=0)
    torch.testing.assert_close(block(x), expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(x, before)


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(4, 4, 1), (4, 8, 2), (4, 8, 1)])
def test_a_pre_activation_block_is_its_equation(inputs: int, outputs: int, stride: int) -> None:
    block, x = PreActivation(inputs, outputs, stride=stride, dropout=0.0), torch.randn(3, inputs, 6, 6)
    before = x.clone()
    active = normalise(x, block.norm1).clamp(min=0)
    shortcut = x if block.shortcut is None else convolve(active, block.shortcut)
    inner = normalise(convolve(active, block.conv1), block.norm2).clamp(min=0)
    torch.testing.assert_close(block(x), convolve(inner, block.conv2) + shortcut, rtol=1e-4, atol=1e-5)
    assert torch.equal(x, before)
    assert (block.shortcut is None) == (inputs == outputs)


@pytest.mark.parametrize("build", [resnet, wrn])
def test_every_tensor_inside_stays_channels_last(build: Callable[..., nn.Module]) -> None:
    model = build(depth={resnet: 14, wrn: 16}[build], width=2).to(memory_format=torch.channels_last)
    checked = []

    def check(module: nn.Module, _: Any, output: Tensor) -> None:
        if output.dim() == 4:
            checked.append(output.is_contiguous(memory_format=torch.channels_last))

    for module in model.modules():
        module.register_forward_hook(check)
    model(torch.rand(2, 3, 32, 32).to(memory_format=torch.channels_last))
    assert len(checked) > 20
    assert all(checked)


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    model, x = wrn(depth=10, width=1, dropout=0.5), torch.rand(4, 3, 8, 8)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize(("build", "fan"), [(resnet, 1), (wrn, 0)])
def test_weights_are_drawn_as_published(build: Callable[..., nn.Module], fan: int) -> None:
    """Variance 2 / (9 · channels): of the inputs in He et al., of the outputs in the wide networks' code."""
    torch.manual_seed(0)
    model = build(depth={resnet: 8, wrn: 10}[build], width={resnet: 64, wrn: 4}[build])
    for name, weight in model.named_parameters():
        if weight.dim() == 4 and weight[0, 0].numel() == 9 and weight.numel() > 5000:
            assert weight.var().item() == pytest.approx(2 / (9 * weight.shape[fan]), rel=0.06), name
    assert (model.get_parameter("linear.bias") == 0).all()


@pytest.mark.parametrize(
    ("options", "values", "message"),
    [
        (cifar_resnet.Options, {"depth": 21}, r"6n \+ 2: 8, 14, 20, .* \(found 21\)"),
        (cifar_resnet.Options, {"depth": 2}, r"6n \+ 2"),
        (cifar_resnet.Options, {"depth": 20, "width": 0}, r"model\.width"),
        (cifar_resnet.Options, {}, r"model\.depth"),
        (wide_resnet.Options, {"depth": 20}, r"6n \+ 4: 10, 16, 22, .* \(found 20\)"),
        (wide_resnet.Options, {"depth": 4}, r"6n \+ 4"),
        (wide_resnet.Options, {"dropout": 1.0}, r"model\.dropout"),
        (wide_resnet.Options, {"k": 4}, r"model\.k"),
    ],
)
def test_options_are_refused_in_one_line(options: Any, values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        options.read(values, where="model")
    assert "\n" not in str(refused.value)
