"""Weights rounded to a format in groups, and the tensors that store them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lesion.compress.packing import pack, packed_size, unpack
from lesion.compress.weight_formats import Grid, WeightFormat
from lesion.errors import InputError

CODES, SCALE, ZERO_POINT = ".codes", ".scale", ".zero_point"


@dataclass(frozen=True)
class Scheme:
    """How one weight tensor is stored.

    A row is all that the first dimension of the weight holds of one index, flattened: the weights of an output channel
    (of an input channel where a convolution is transposed).

    Attributes
    ----------
    kind : what codes are
    group : number of consecutive weights of a row that share a scale, the last group of a row may be smaller; None
        for one group a row
    """

    kind: WeightFormat
    group: int | None

    @property
    def scale_dtype(self) -> torch.dtype:
        """float16 for scales of groups, where they are many; float32 for those of whole rows."""
        return torch.float32 if self.group is None else torch.float16

    def size(self, columns: int) -> int:
        """Number of weights in a group of rows of `columns` weights."""
        return columns if self.group is None else min(self.group, columns)


@dataclass(frozen=True)
class Quantised:
    """A weight tensor of `rows` × `columns` in g groups a row.

    Attributes
    ----------
    codes : int8 or float8 (rows, columns)
    grid : its entries are (rows, g)
    """

    codes: Tensor
    grid: Grid


def _in_groups(rows: Tensor, size: int) -> Tensor:
    """(rows, columns) as (rows · g, size); zeros fill the last group of a row, which changes the range of no group."""
    missing = -rows.shape[1] % size
    return functional.pad(rows, (0, missing)).reshape(-1, size) if missing else rows.reshape(-1, size)


def _in_rows(groups: Tensor, shape: tuple[int, int]) -> Tensor:
    """Invert `_in_groups` for rows of this shape."""
    return groups.reshape(shape[0], -1)[:, : shape[1]]


def nearest(rows: Tensor, scheme: Scheme) -> Quantised:
    """Round each weight to the nearest value of its group. rows: float32 (rows, columns)."""
    groups = _in_groups(rows, scheme.size(rows.shape[1]))
    grid = scheme.kind.grid(groups, scheme.scale_dtype)
    codes = _in_rows(scheme.kind.codes(groups, grid), (rows.shape[0], rows.shape[1]))
    return Quantised(codes, Grid(grid.scale.view(len(rows), -1), grid.zero_point.view(len(rows), -1)))


def values(found: Quantised, scheme: Scheme) -> Tensor:
    """The weights that codes stand for: float32 (rows, columns)."""
    shape = (found.codes.shape[0], found.codes.shape[1])
    codes = found.codes.view(torch.int8)  # float8 has no padding
    groups = _in_groups(codes, scheme.size(shape[1])).view(found.codes.dtype)
    grid = Grid(found.grid.scale.flatten(), found.grid.zero_point.flatten())
    return _in_rows(scheme.kind.values(groups, grid), shape)


def stored(name: str, found: Quantised, scheme: Scheme, shape: torch.Size) -> dict[str, Tensor]:
    """The tensors to store for the weight `name` of this shape.

    "<name>.codes": codes of 8 bits in the shape of the weight, int8 or float8; others packed, uint8 (`packing.pack`)
    "<name>.scale": (rows, g), float16, or float32 where a group is a row
    "<name>.zero_point": as codes, in the shape (rows, g); absent where all are 0

    Raises
    ------
    InputError
        If a scale is not finite, as where a weight is not.
    """
    if not torch.isfinite(found.grid.scale).all():
        raise InputError(f"weight-only: {name}: a weight is not finite, or too large for a scale of its group")
    tensors = {name + CODES: _shortest(found.codes, scheme.kind.bits, shape), name + SCALE: found.grid.scale}
    if not scheme.kind.symmetric:
        tensors[name + ZERO_POINT] = _shortest(found.grid.zero_point, scheme.kind.bits, found.grid.scale.shape)
    return {key: tensor.contiguous() for key, tensor in tensors.items()}


def names_of(name: str, scheme: Scheme) -> list[str]:
    """The names of the tensors that store the weight `name`."""
    return [name + CODES, name + SCALE] + ([] if scheme.kind.symmetric else [name + ZERO_POINT])


def _shortest(codes: Tensor, bits: int, shape: torch.Size) -> Tensor:
    return codes.reshape(shape) if bits == 8 else pack(codes, bits)


def read(name: str, tensors: Mapping[str, Tensor], scheme: Scheme, shape: torch.Size) -> Tensor:
    """The weight `name` from the tensors that store it: float32, of this shape.

    Raises
    ------
    InputError
        If a tensor is missing, or is not of such a weight.
    """
    rows, columns, bits = shape[0], math.prod(shape[1:]), scheme.kind.bits
    scale = _tensor(tensors, name + SCALE, (rows, -(-columns // scheme.size(columns))))
    whole = (packed_size(rows * columns, bits),) if bits < 8 else tuple(shape)
    codes = _longest(_tensor(tensors, name + CODES, whole), bits, (rows, columns))
    zero_point = torch.zeros(scale.shape, dtype=torch.int8)
    if not scheme.kind.symmetric:
        whole = (packed_size(scale.numel(), bits),) if bits < 8 else tuple(scale.shape)
        zero_point = _longest(_tensor(tensors, name + ZERO_POINT, whole), bits, (rows, scale.shape[1]))
    return values(Quantised(codes, Grid(scale, zero_point)), scheme).view(shape)


def _tensor(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    if name not in tensors:
        raise InputError(f"checkpoint: tensor {name} is missing")
    if tensors[name].shape != shape:
        found = tuple(tensors[name].shape)
        raise InputError(f"checkpoint: tensor {name} has shape {found}, the model expects {shape}")
    return tensors[name]


def _longest(codes: Tensor, bits: int, shape: tuple[int, int]) -> Tensor:
    return (codes if bits == 8 else unpack(codes, bits, math.prod(shape))).reshape(shape)
