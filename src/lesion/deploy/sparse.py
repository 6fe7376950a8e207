"""Pruned layers in the sparse formats of torch, so that they can be timed and weighed.

A convolution is computed as a matrix product with the columns of the image (`unfold`), since no format has a kernel for
convolutions. 2:4 has one for GPUs alone (`torch.sparse.to_sparse_semi_structured`).
"""

import copy
import warnings
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Format = Literal["coo", "csr", "bsr"]
FORMATS: tuple[Format, ...] = ("coo", "csr", "bsr")

BLOCK = 4
"""Rows and columns of a block of BSR."""
LEAST = 0.1
"""Share of zeros from which a layer counts as pruned."""


def to_format(weight: Tensor, wanted: Format) -> Tensor:
    """A matrix (rows, columns) in a sparse format of torch; of BSR filled up with zeros to whole blocks.

    Indices are int32 in CSR and BSR; COO has int64 alone.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch calls compressed formats a beta
        if wanted == "coo":
            return weight.to_sparse().coalesce()
        if wanted == "csr":
            found = weight.to_sparse_csr()
            return torch.sparse_csr_tensor(
                found.crow_indices().int(), found.col_indices().int(), found.values(), weight.shape
            )
        rows, columns = (-length % BLOCK for length in weight.shape)
        padded = functional.pad(weight, (0, columns, 0, rows))
        found = padded.to_sparse_bsr((BLOCK, BLOCK))
        return torch.sparse_bsr_tensor(
            found.crow_indices().int(), found.col_indices().int(), found.values(), padded.shape
        )


def bytes_of(matrix: Tensor) -> int:
    """Bytes of the values and the indices of a matrix in any format."""
    if matrix.layout == torch.strided:
        return matrix.nbytes
    if matrix.layout == torch.sparse_coo:
        return matrix.values().nbytes + matrix.indices().nbytes
    return matrix.values().nbytes + matrix.crow_indices().nbytes + matrix.col_indices().nbytes


class _Product:
    """A sparse matrix (rows, columns) times dense columns."""

    def __init__(self, weight: Tensor, wanted: Format) -> None:
        self.rows, self.columns = weight.shape
        self.matrix = to_format(weight, wanted)

    def __call__(self, columns: Tensor) -> Tensor:
        """(columns, n) -> (rows, n)."""
        missing = self.matrix.shape[1] - self.columns
        return (self.matrix @ (functional.pad(columns, (0, 0, 0, missing)) if missing else columns))[: self.rows]


class SparseLinear(nn.Module):
    """A linear layer with a sparse weight."""

    def __init__(self, layer: nn.Linear, wanted: Format) -> None:
        super().__init__()
        self.product, self.bias = _Product(layer.weight.detach(), wanted), layer.bias

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) -> (…, outputs)."""
        found = self.product(x.reshape(-1, x.shape[-1]).T.contiguous()).T
        return (found if self.bias is None else found + self.bias).reshape(*x.shape[:-1], -1)


class SparseConv2d(nn.Module):
    """A convolution without groups as a matrix product."""

    def __init__(self, layer: nn.Conv2d, wanted: Format) -> None:
        super().__init__()
        self.product, self.bias = _Product(layer.weight.detach().flatten(1), wanted), layer.bias
        self.size, self.stride, self.dilation = layer.kernel_size, layer.stride, layer.dilation
        assert not isinstance(layer.padding, str)
        self.padding = layer.padding

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) -> (n, outputs, h', w')."""
        columns = functional.unfold(x, self.size, self.dilation, self.padding, self.stride)
        n, depth, places = columns.shape
        found = self.product(columns.transpose(0, 1).reshape(depth, n * places))
        found = found.reshape(-1, n, places).transpose(0, 1)
        if self.bias is not None:
            found = found + self.bias[:, None]
        height = (x.shape[2] + 2 * self.padding[0] - self.dilation[0] * (self.size[0] - 1) - 1) // self.stride[0] + 1
        return found.reshape(n, -1, height, places // height)


def _pruned(network: nn.Module) -> Iterator[tuple[str, nn.Conv2d | nn.Linear]]:
    """The layers with `LEAST` of zeros that can be computed so: linear ones and convolutions without groups."""
    for name, layer in network.named_modules():
        plain = type(layer) is nn.Linear or (
            type(layer) is nn.Conv2d
            and layer.groups == 1
            and layer.padding_mode == "zeros"
            and not isinstance(layer.padding, str)
        )
        if plain:
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            if (layer.weight == 0).float().mean() >= LEAST:
                yield name, layer


def in_format(network: nn.Module, wanted: Format) -> tuple[nn.Module, int] | None:
    """A copy of a network with its pruned layers in a sparse format, and the bytes of all its tensors then.

    None where no layer is pruned that can be stored so.
    """
    made = copy.deepcopy(network)
    layers = list(_pruned(made))
    total = sum(tensor.nbytes for tensor in network.state_dict().values())
    for name, layer in layers:
        sparse = (SparseLinear if isinstance(layer, nn.Linear) else SparseConv2d)(layer, wanted)  # type: ignore[arg-type]
        total += bytes_of(sparse.product.matrix) - layer.weight.nbytes
        made.set_submodule(name, sparse)
    return (made.eval(), total) if layers else None
