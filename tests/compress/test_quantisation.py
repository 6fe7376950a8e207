"""The three post-training methods, against the same arithmetic done with real integers in numpy."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from lesion.compress import integer_layers, pt2e
from lesion.compress.methods import float16, int8_dynamic, int8_static
from lesion.errors import InputError

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Tensors = dict[str, Tensor]

INT8 = pytest.mark.parametrize("method", [int8_static, int8_dynamic])
LAYERS = {"0": 2, "3": 2, "7": 1}  # name -> stride


def images() -> Tensor:
    return torch.tensor(load_digits().images / 16, dtype=torch.float32)[:, None]


def digits_net() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128, 10)),
    ).eval()


class PreActivation(nn.Module):
    """A wide residual block: a batch norm with a shortcut around it stays, and convolutions share an input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, stride=2, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.shortcut = nn.Conv2d(8, 8, 1, stride=2, bias=False)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(8, 10)
        self.auxiliary = nn.Linear(8, 10)  # for training only

    def forward(self, x: Tensor) -> Tensor:
        stem = self.stem(x)
        x = self.norm(stem).relu()
        x = self.conv2(self.norm1(self.conv1(x)).relu_()) + self.shortcut(x) + stem[:, :, ::2, ::2]
        logits: Tensor = self.head(self.pool(x).flatten(1))
        return logits


class PostActivation(nn.Module):
    """A residual block as in ResNet: every batch norm is folded, additions stay float32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv1, self.norm1 = nn.Conv2d(8, 16, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(16)
        self.conv2, self.norm2 = nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.shortcut = nn.Sequential(nn.Conv2d(8, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 16, bias=False), nn.BatchNorm1d(16), nn.Linear(16, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu_()))
        y += self.shortcut(x)
        logits: Tensor = self.head(y.relu_())
        return logits


@torch.no_grad()
def member(build: Callable[[], nn.Module], seed: int = 0) -> Tensors:
    """State dict with statistics and biases that are not those of an untrained model."""
    torch.manual_seed(seed)
    model = build()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            ranges = {"weight": (0.5, 2), "bias": (-0.3, 0.3), "running_mean": (-0.2, 0.2), "running_var": (0.5, 2)}
            for name, (low, high) in ranges.items():
                getattr(module, name).uniform_(low, high)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def options(method: ModuleType) -> Any:
    return method.Options(calibration_images=100) if method is int8_static else method.Options()


@cache
def compressor(method: ModuleType) -> Callable[[Mapping[str, Tensor]], Tensors]:
    compress: Callable[[Mapping[str, Tensor]], Tensors]
    compress = method.compressor(digits_net(), options(method), images()[:100])
    return compress


def restorer(method: ModuleType) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    restore: Callable[[Mapping[str, Tensor]], nn.Module]
    restore = method.restorer(digits_net(), options(method), images()[:1])
    return restore


def inference(model: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model(x)
    return logits


def converted(method: ModuleType, build: Callable[[], nn.Module], state: Tensors) -> nn.Module:
    calibration = images()[:100] if method is int8_static else images()[:1]
    exported = pt2e.export(build().eval(), calibration)
    return pt2e.converter(exported, method.input_specification(), calibration)(state)


def folded(state: Tensors) -> dict[str, Floats]:
    """Weights with their batch norms folded in: w · γ / √(σ² + ε)."""
    weights = {"7": state["7.weight"].numpy()}
    for conv, norm in (("0", "1"), ("3", "4")):
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-5).sqrt()
        weights[conv] = (state[f"{conv}.weight"] * gain.view(-1, 1, 1, 1)).numpy()
    return weights


# The same arithmetic with integers


def quantise(x: Floats, scale: Floats, zero_point: Integers) -> Integers:
    """Float32, as the reference does it: times the reciprocal, halves to even."""
    steps = np.rint(x * (np.float32(1) / scale)).astype(np.int64) + zero_point
    clipped: Integers = np.clip(steps, -128, 127)
    return clipped


def grid(method: ModuleType, stored: Tensors, layer: str, x: Floats) -> tuple[Floats, Integers]:
    """Scale and zero point of each image, shape (n,)."""
    if method is int8_static:
        scale, zero = stored[f"{layer}.input_scale"].numpy(), stored[f"{layer}.input_zero_point"].numpy()
        return np.full(len(x), scale, np.float32), np.full(len(x), zero, np.int64)
    low = np.array([min(image.min(), np.float32(0)) for image in x], np.float32)
    high = np.array([max(image.max(), np.float32(0)) for image in x], np.float32)
    scale = (high - low) / np.float32(255)
    return scale, np.clip(-128 - np.rint(low / scale), -128, 127).astype(np.int64)


def integer_layer(x: Integers, weight: Integers, stride: int) -> Integers:
    """Convolution with a 3 × 3 window and a border of zeros, one output at a time; or a matrix product."""
    if weight.ndim == 2:
        return np.array([[sum(int(a) * int(b) for a, b in zip(row, w, strict=True)) for w in weight] for row in x])
    size = x.shape[2] // stride
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    result = np.zeros((len(x), len(weight), size, size), np.int64)
    for image, channel, row, column in np.ndindex(*result.shape):
        window = padded[image, :, row * stride : row * stride + 3, column * stride : column * stride + 3]
        result[image, channel, row, column] = (window * weight[channel]).sum()
    return result


def expected_output(method: ModuleType, stored: Tensors, layer: str, x: Floats) -> npt.NDArray[np.float64]:
    each_image, each_channel = (-1, *[1] * (x.ndim - 1)), (1, -1, *[1] * (x.ndim - 2))
    scale, zero_point = grid(method, stored, layer, x)
    integers = quantise(x, scale.reshape(each_image), zero_point.reshape(each_image)) - zero_point.reshape(each_image)
    sums = integer_layer(integers, stored[f"{layer}.weight"].numpy().astype(np.int64), LAYERS[layer])
    weight_scale = stored[f"{layer}.weight_scale"].numpy().astype(np.float64)
    bias = stored[f"{layer}.bias"].numpy().astype(np.float64)
    return sums * scale.astype(np.float64).reshape(each_image) * weight_scale.reshape(each_channel) + bias.reshape(
        each_channel
    )


@INT8
def test_every_layer_is_the_integer_computation(method: ModuleType) -> None:
    stored = compressor(method)(member(digits_net))
    model = restorer(method)(stored)
    outputs: dict[str, Floats] = {}
    for layer in LAYERS:

        def record(_: nn.Module, __: tuple[Tensor, ...], output: Tensor, layer: str = layer) -> None:
            outputs[layer] = output.numpy()

        model.get_submodule(layer).register_forward_hook(record)
    x = images()[100:112]
    logits = inference(model, x).numpy()
    inputs = {"0": x.numpy(), "3": outputs["0"].clip(0), "7": outputs["3"].clip(0).reshape(len(x), -1)}
    for layer, value in inputs.items():
        np.testing.assert_allclose(
            outputs[layer], expected_output(method, stored, layer, value), rtol=1e-5, atol=1e-5, err_msg=layer
        )
    np.testing.assert_array_equal(outputs["7"], logits)


@INT8
def test_weights_are_int8_within_half_a_step_of_the_folded_ones(method: ModuleType) -> None:
    state = member(digits_net)
    stored = compressor(method)(state)
    for layer, weight in folded(state).items():
        integers, scale = stored[f"{layer}.weight"], stored[f"{layer}.weight_scale"]
        assert integers.dtype == torch.int8
        assert integers.shape == weight.shape
        assert scale.dtype == torch.float32
        step = scale.numpy().reshape(-1, *[1] * (weight.ndim - 1))
        assert (np.abs(integers.numpy() * step - weight) <= step * (0.5 + 1e-4)).all()
        assert (np.abs(integers.numpy()).reshape(len(weight), -1).max(axis=1) == 127).all()


@INT8
def test_stored_tensors_are_these_and_nothing_else(method: ModuleType) -> None:
    stored = compressor(method)(member(digits_net))
    each_layer = ["bias", "weight", "weight_scale"]
    if method is int8_static:
        each_layer += ["input_scale", "input_zero_point"]
    assert list(stored) == sorted(f"{layer}.{name}" for layer in LAYERS for name in each_layer)
    assert all(tensor.is_contiguous() and not tensor.requires_grad for tensor in stored.values())


@INT8
def test_compression_is_deterministic_and_keeps_members_apart(method: ModuleType) -> None:
    first, other = member(digits_net), member(digits_net, seed=1)
    compress, restore = compressor(method), restorer(method)
    stored, stored_other = compress(first), compress(other)
    again = compress(first)
    assert list(stored) == list(again) == list(stored_other)
    assert all(torch.equal(stored[name], again[name]) for name in stored)
    x = images()[100:200]
    logits = inference(restore(stored), x)
    assert not torch.equal(inference(restore(stored_other), x), logits)
    assert torch.equal(inference(restore(stored), x), logits)


@INT8
@pytest.mark.parametrize("build", [digits_net, PreActivation, PostActivation])
def test_restored_is_converted_bit_for_bit(method: ModuleType, build: Callable[[], nn.Module]) -> None:
    state = member(build)
    model = build().eval()
    stored = method.compressor(model, options(method), images()[:100])(state)
    restored = method.restorer(build().eval(), options(method), images()[:1])(stored)
    x = images()[100:133]
    assert torch.equal(inference(restored, x), inference(converted(method, build, state), x))
    model.load_state_dict(state)
    exact = inference(model, x)
    assert 0 < (inference(restored, x) - exact).abs().max() < 0.1 * exact.abs().max()
    assert ("norm.running_mean" in stored) == (build is PreActivation)
    layers = {name for name, module in model.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))}
    for layer in layers - {"auxiliary"}:
        assert stored[f"{layer}.weight"].dtype == torch.int8


def test_dynamic_predictions_depend_on_the_image_alone() -> None:
    stored = compressor(int8_dynamic)(member(digits_net))
    model = restorer(int8_dynamic)(stored)
    x = images()[100:164]
    together = inference(model, x)
    loud = x.clone()
    loud[1:] *= 1000
    assert torch.equal(inference(model, loud)[0], together[0])
    assert torch.equal(inference(model, x.flip(0)).flip(0), together)
    for image in range(8):
        torch.testing.assert_close(inference(model, x[image : image + 1])[0], together[image], rtol=1e-4, atol=1e-4)


def test_dynamic_ignores_calibration() -> None:
    state = member(digits_net)
    other = int8_dynamic.compressor(digits_net(), int8_dynamic.Options(), images()[500:600] * 3)(state)
    stored = compressor(int8_dynamic)(state)
    assert all(torch.equal(stored[name], other[name]) for name in stored)


def test_static_ranges_are_those_of_the_calibration_images() -> None:
    state = member(digits_net)
    stored = compressor(int8_static)(state)
    calibration = images()[:200].clone()
    calibration[100:] *= 3
    wide = int8_static.compressor(digits_net(), int8_static.Options(calibration_images=200), calibration)(state)
    narrow = int8_static.compressor(digits_net(), int8_static.Options(calibration_images=100), calibration)(state)
    assert all(torch.equal(narrow[name], stored[name]) for name in stored)  # the first 100 only
    assert all(wide[f"{layer}.input_scale"] > stored[f"{layer}.input_scale"] for layer in LAYERS)
    assert torch.equal(wide["0.weight"], stored["0.weight"])
    assert float(stored["0.input_scale"]) == pytest.approx(1 / 255)  # pixels from 0 to 1
    assert int(stored["0.input_zero_point"]) == -128


def test_an_image_of_zeros_has_finite_logits() -> None:
    model = restorer(int8_dynamic)(compressor(int8_dynamic)(member(digits_net)))
    assert inference(model, torch.zeros(2, 1, 8, 8)).isfinite().all()


def test_too_few_calibration_images_are_refused() -> None:
    with pytest.raises(InputError, match="calibration_images is 100, of 99"):
        int8_static.compressor(digits_net(), int8_static.Options(calibration_images=100), images()[:99])
    with pytest.raises(InputError, match=r"compress\.calibration_images"):
        int8_static.Options.read({"calibration_images": 0}, where="compress")


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Any:
        return self.conv(self.conv(x))


class OwnWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(1, 1, 3, 3))

    def forward(self, x: Tensor) -> Any:
        return nn.functional.conv2d(x, self.kernel)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Twice(), "layer conv runs more than once"),
        (OwnWeight(), "the weight kernel is not that of"),
    ],
)
def test_what_cannot_be_stored_as_layers_is_refused(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        int8_dynamic.compressor(model.eval(), int8_dynamic.Options(), images()[:1])


def test_tensors_of_another_model_are_refused() -> None:
    stored = compressor(int8_static)(member(digits_net))
    del stored["3.bias"], stored["3.weight"]
    with pytest.raises(KeyError):
        restorer(int8_static)(stored)


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
def test_grid_is_that_of_torch(zero_point: int) -> None:
    scale = float(torch.tensor(0.0173))
    x = torch.cat([torch.randn(10_000), (torch.arange(-300, 300) + 0.5) * scale])
    expected = torch.fake_quantize_per_tensor_affine(x, scale, zero_point, -128, 127)
    assert torch.equal(integer_layers.on_grid(x, scale, zero_point), expected)


def test_float16_rounds_to_half_and_leaves_integers() -> None:
    state = member(digits_net)
    stored = float16.compressor(digits_net(), float16.Options(), images()[:1])(state)
    assert stored.keys() == state.keys()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            assert stored[name].dtype == torch.int64
            assert torch.equal(stored[name], tensor)
        else:
            np.testing.assert_array_equal(stored[name].numpy(), tensor.numpy().astype(np.float16))
    restored = float16.restorer(digits_net(), float16.Options(), images()[:1])(stored)
    reference = digits_net()
    reference.load_state_dict({name: tensor.to(state[name].dtype) for name, tensor in stored.items()})
    x = images()[:50]
    logits = inference(restored, x)
    assert logits.dtype == torch.float32
    assert torch.equal(logits, inference(reference, x))


def test_float16_refuses_what_it_cannot_hold() -> None:
    state = member(digits_net)
    state["7.bias"][0] = 1e5
    with pytest.raises(InputError, match=r"7\.bias"):
        float16.compressor(digits_net(), float16.Options(), images()[:1])(state)


@pytest.mark.parametrize("method", ["float16", "int8_static", "int8_dynamic"])
def test_importing_a_method_imports_no_torch(method: str) -> None:
    code = f"import sys, lesion.compress.methods.{method} as m; assert m.KIND == 'derived'; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchao", "numpy"} & set(loaded)


def test_restoring_imports_no_torchao() -> None:
    code = "import sys, lesion.compress.integer_layers; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"torchao", "torch._inductor", "torch._dynamo"} & set(loaded)
