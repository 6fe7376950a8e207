"""Weights rounded to the nearest value of a format, and what is stored of them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchao.quantization import Float8Tensor, IntxWeightOnlyConfig, MappingType, PerAxis, PerGroup, PerRow, quantize_

from lesion.compress.encoding import decode, encode
from lesion.compress.quantised_weights import Scheme, names_of, nearest, read, stored, values
from lesion.compress.weight_formats import weight_format
from lesion.errors import InputError

INTEGERS = ("int2", "int3", "int4", "int8")
FLOATS = ("float8-e4m3", "float8-e5m2")


def weights(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 0.05


def scheme(name: str, group: int | None = None, *, symmetric: bool = True) -> Scheme:
    return Scheme(weight_format(name, symmetric=symmetric), group)


def stored_values(weight: Tensor, how: Scheme) -> Tensor:
    """The weight after it was stored and read."""
    found = stored("w", nearest(weight.flatten(1), how), how, weight.shape)
    assert sorted(found) == sorted(names_of("w", how))
    return read("w", decode(encode(found)), how, weight.shape)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize(("columns", "group"), [(64, 32), (70, 32), (9, 32), (40, None)])
def test_each_weight_becomes_the_nearest_of_evenly_spaced_values(
    columns: int, group: int | None, name: str, symmetric: bool
) -> None:
    weight, bits = weights(5, columns), int(name[3:])
    found = stored_values(weight, scheme(name, group, symmetric=symmetric)).double().numpy()
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    size = min(group or columns, columns)
    for row, original in zip(found, weight.double().numpy(), strict=True):
        for first in range(0, columns, size):
            got, given = row[first : first + size], original[first : first + size]
            least, most = min(given.min(), 0), max(given.max(), 0)
            step = max(least / low, most / high) if symmetric else (most - least) / (high - low)
            zero = 0 if symmetric else low - np.rint(least / step)
            step = step if group is None else float(np.float16(step))
            expected = (np.clip(np.rint(given / step) + zero, low, high) - zero) * step
            np.testing.assert_allclose(got, expected, atol=step * 1e-3)
            inside = step / 2 if symmetric else step  # the zero point is rounded, too
            assert (np.abs(got - given) <= inside * 1.01).all()


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("group", [None, 16])
def test_the_largest_magnitude_of_a_group_is_the_largest_float8(name: str, group: int | None) -> None:
    weight = weights(4, 48)
    found = nearest(weight, scheme(name, group))
    magnitude = found.codes.float().abs().view(4, -1, group or 48).amax(dim=2)
    assert (magnitude == {"float8-e4m3": 448, "float8-e5m2": 57344}[name]).all()
    mantissa = {"float8-e4m3": 3, "float8-e5m2": 2}[name]
    error = (values(found, scheme(name, group)) - weight).abs()
    normal = weight.abs() > weight.abs().max() * 2**-5
    assert (error[normal] <= weight.abs()[normal] * 2.0 ** -(mantissa + 1) * 1.01).all()


def by_torchao(layer: nn.Linear, name: str, granularity: PerAxis | PerGroup, *, symmetric: bool) -> Any:
    """The layer's weight by torchao's own configuration for weights alone."""
    mapping = MappingType.SYMMETRIC_NO_CLIPPING_ERR if symmetric else MappingType.ASYMMETRIC
    quantize_(layer, IntxWeightOnlyConfig(getattr(torch, name), granularity, mapping))
    return layer.weight


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("name", INTEGERS)
def test_integers_are_those_of_torchao_with_a_scale_a_channel(name: str, symmetric: bool) -> None:
    layer = nn.Linear(50, 6)
    found = nearest(layer.weight.detach(), scheme(name, symmetric=symmetric))
    expected = by_torchao(layer, name, PerAxis(0), symmetric=symmetric)
    assert torch.equal(found.codes, expected.qdata)
    assert torch.equal(found.grid.zero_point.flatten(), expected.zero_point.flatten())
    torch.testing.assert_close(values(found, scheme(name, symmetric=symmetric)), expected.dequantize())


@pytest.mark.parametrize("symmetric", [True, False])
def test_integers_are_those_of_torchao_in_groups(symmetric: bool) -> None:
    layer = nn.Linear(96, 6)
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():  # from −8 to 7 in each group, times a power of two: float16 holds such a scale
        whole = torch.rand(6, 3, 32, generator=draws) * 14 - 7.5
        whole[:, :, 0], whole[:, :, 1] = -8, 7
        layer.weight.copy_((whole * 2.0 ** -torch.arange(3, 6)[:, None]).view(6, 96))
    found = nearest(layer.weight.detach(), scheme("int4", 32, symmetric=symmetric))
    expected = by_torchao(layer, "int4", PerGroup(32), symmetric=symmetric)
    assert torch.equal(found.codes, expected.qdata)
    assert torch.equal(found.grid.scale.float(), expected.scale.view(6, 3))


@pytest.mark.parametrize("name", FLOATS)
def test_floats_are_those_of_torchao(name: str) -> None:
    weight = weights(6, 50)
    dtype = torch.float8_e4m3fn if name == "float8-e4m3" else torch.float8_e5m2
    expected = Float8Tensor.from_hp(weight, dtype, PerRow())
    found = nearest(weight, scheme(name))
    assert torch.equal(found.codes.view(torch.int8), expected.qdata.view(torch.int8))
    torch.testing.assert_close(found.grid.scale, expected.scale)


@pytest.mark.parametrize(
    ("name", "group", "symmetric", "bits"),
    [
        ("int4", 32, True, 4.5),
        ("int4", 32, False, 4.625),
        ("int4", 128, True, 4.125),
        ("int3", 64, True, 3.25),
        ("int2", 16, False, 3.125),
        ("int8", None, True, 8.125),
        ("int8", None, False, 8.15625),
        ("float8-e4m3", None, True, 8.125),
    ],
)
def test_bits_a_weight(name: str, group: int | None, symmetric: bool, bits: float) -> None:
    weight, how = weights(8, 16, 4, 4), scheme(name, group, symmetric=symmetric)
    kept = encode(stored("w", nearest(weight.flatten(1), how), how, weight.shape))
    assert sum(tensor.nbytes for tensor in kept.values()) * 8 / weight.numel() == bits


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("name", INTEGERS + FLOATS)
def test_zeros_stay_zeros(name: str, symmetric: bool) -> None:
    weight = weights(6, 64)
    weight[weights(6, 64, seed=1) > 0] = 0
    weight[2] = 0
    weight[3] = weight[3].abs() + 1  # all of one sign
    found = stored_values(weight, scheme(name, 16, symmetric=symmetric or name in FLOATS))
    assert (found[weight == 0] == 0).all()
    assert (found[3] > 0.4).all()


@pytest.mark.parametrize("name", INTEGERS + FLOATS)
def test_weights_that_are_tiny_or_large_are_held(name: str) -> None:
    weight = weights(3, 32)
    weight[0] *= 1e-3
    weight[1] *= 1e3
    found = stored_values(weight, scheme(name))
    error = (found - weight).abs().amax(dim=1) / weight.abs().amax(dim=1)
    assert error.max() < {"int2": 0.51, "int3": 0.2, "int4": 0.08}.get(name, 0.07)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e7])
def test_a_weight_that_has_no_scale_is_told(value: float) -> None:
    weight, how = weights(2, 8), scheme("int4", 4)
    weight[0, 0] = value
    with pytest.raises(InputError, match=r"head\.weight: a weight is not finite"):
        stored("head.weight", nearest(weight, how), how, weight.shape)


def test_tensors_of_another_weight_are_told() -> None:
    how = scheme("int4", 4, symmetric=False)
    found = stored("w", nearest(weights(2, 8), how), how, torch.Size([2, 8]))
    for name in names_of("w", how):
        with pytest.raises(InputError, match=rf"tensor {name} is missing"):
            read("w", {key: tensor for key, tensor in found.items() if key != name}, how, torch.Size([2, 8]))
        with pytest.raises(InputError, match=rf"tensor {name} has shape"):
            read("w", found | {name: torch.zeros(3, dtype=torch.uint8)}, how, torch.Size([2, 8]))
