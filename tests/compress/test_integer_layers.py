"""int8 arithmetic, against the same done with real integers in numpy, and against torch's own."""

from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from lesion.compress import grids
from lesion.compress.methods import int8_static
from tests.compress.quantised import INT8, LAYERS, Tensors, compressor, digits_net, images, inference, member, restorer

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def folded(state: Tensors) -> dict[str, Floats]:
    """Weights with their batch norms folded in: w · γ / √(σ² + ε)."""
    weights = {"7": state["7.weight"].numpy()}
    for conv, norm in (("0", "1"), ("3", "4")):
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-5).sqrt()
        weights[conv] = (state[f"{conv}.weight"] * gain.view(-1, 1, 1, 1)).numpy()
    return weights


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


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
def test_grid_is_that_of_torch(zero_point: int) -> None:
    scale = float(torch.tensor(0.0173))
    x = torch.cat([torch.randn(10_000), (torch.arange(-300, 300) + 0.5) * scale])
    expected = torch.fake_quantize_per_tensor_affine(x, scale, zero_point, -128, 127)
    # Exact on every processor: one product of two numbers, rounded, and nothing that is added up.
    assert torch.equal(grids.on_grid(x, scale, zero_point), expected)
