"""What a quantised weight can be: an integer of a few bits or a float8, times the scale of its group."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torchao.quantization import MappingType, choose_qparams_affine, dequantize_affine, quantize_affine

SMALLEST_SCALE = 2.0**-24
"""The smallest positive float16. A group of zeros has this scale, and no group has a smaller one."""


@dataclass(frozen=True)
class Grid:
    """Which values the weights of each of n groups can take.

    Attributes
    ----------
    scale : float (n,), step between integers or factor of a float8; float16 or float32, as stored
    zero_point : int8 (n,), the integer that stands for 0
    """

    scale: Tensor
    zero_point: Tensor


class WeightFormat(Protocol):
    """How weights are rounded. Groups are rows: float32 (n, size)."""

    @property
    def bits(self) -> int:
        """Bits of a code."""

    @property
    def symmetric(self) -> bool:
        """True if every zero point is 0."""

    def grid(self, groups: Tensor, scale: torch.dtype) -> Grid:
        """The grid that covers each group, with scales of this type."""

    def codes(self, groups: Tensor, grid: Grid) -> Tensor:
        """The codes of the nearest values on the grid: int8 or float8, same shape."""

    def values(self, codes: Tensor, grid: Grid) -> Tensor:
        """What codes stand for: float32, same shape."""


@dataclass(frozen=True)
class Integers:
    """Integers of `bits` bits; a weight is (integer − zero point) × scale. All three steps are torchao's.

    Symmetric: the zero point is 0, and the scale is the smallest for which neither the least weight lies below
    −2^(bits − 1) nor the greatest above 2^(bits − 1) − 1 (torchao's `SYMMETRIC_NO_CLIPPING_ERR`). Otherwise scale and
    zero point spread all integers from the least to the greatest weight (`ASYMMETRIC`). 0 is on the grid either way.
    """

    bits: int
    symmetric: bool

    @property
    def _range(self) -> tuple[int, int]:
        return -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    def grid(self, groups: Tensor, scale: torch.dtype) -> Grid:
        """The grid that covers each group, zero included."""
        mapping = MappingType.SYMMETRIC_NO_CLIPPING_ERR if self.symmetric else MappingType.ASYMMETRIC
        steps, zero_point = choose_qparams_affine(
            groups, mapping, (1, groups.shape[1]), torch.int8, *self._range, SMALLEST_SCALE, scale, torch.int8
        )
        return Grid(steps, zero_point)

    def codes(self, groups: Tensor, grid: Grid) -> Tensor:
        """The nearest integers, int8. Halves are rounded to even ones."""
        block = (1, groups.shape[1])
        integers: Tensor = quantize_affine(groups, block, grid.scale.float(), grid.zero_point, torch.int8, *self._range)
        return integers

    def values(self, codes: Tensor, grid: Grid) -> Tensor:
        """(integer − zero point) × scale, computed in float32."""
        block = (1, codes.shape[1])
        weights: Tensor = dequantize_affine(
            codes, block, grid.scale.float(), grid.zero_point, torch.int8, *self._range, output_dtype=torch.float32
        )
        return weights


@dataclass(frozen=True)
class Float8:
    """Floats of 8 bits; a weight is float8 × scale, and the largest magnitude of a group is the largest float8.

    The rounding is torch's conversion to `dtype`, torch.float8_e4m3fn or torch.float8_e5m2: to the nearest, halves to
    even. Scales are those of torchao's `Float8WeightOnlyConfig` with a scale a row.
    """

    dtype: torch.dtype
    bits: int = 8
    symmetric: bool = True

    @property
    def _largest(self) -> float:
        return torch.finfo(self.dtype).max

    def grid(self, groups: Tensor, scale: torch.dtype) -> Grid:
        """The grid that covers each group."""
        steps = (groups.abs().amax(dim=1) / self._largest).clamp(min=SMALLEST_SCALE).to(scale)
        return Grid(steps, torch.zeros(len(groups), dtype=torch.int8))

    def codes(self, groups: Tensor, grid: Grid) -> Tensor:
        """The nearest float8; what lies beyond the largest becomes the largest."""
        return (groups / grid.scale.float()[:, None]).clamp(-self._largest, self._largest).to(self.dtype)

    def values(self, codes: Tensor, grid: Grid) -> Tensor:
        """float8 × scale, computed in float32."""
        return codes.float() * grid.scale.float()[:, None]


def weight_format(name: str, *, symmetric: bool) -> WeightFormat:
    """The format of this name: int2, int3, int4, int8, float8-e4m3 or float8-e5m2; float8 is symmetric."""
    if name.startswith("int"):
        return Integers(int(name.removeprefix("int")), symmetric)
    return Float8({"float8-e4m3": torch.float8_e4m3fn, "float8-e5m2": torch.float8_e5m2}[name])
