"""GPTQ: rounds the weights of a layer one column after the other, and adjusts the later ones for each error.

Frantar et al. (arXiv 2210.17323), algorithm 1. To round weight q by e while the weights after it may move is Optimal
Brain Surgeon's problem (`measurements/surgeon.py`), with the squared error of the layer's output as loss. U is upper
triangular with UᵀU = H⁻¹. Row q of U, divided by U_qq, is how the later weights move for an error of 1 in weight q,
once all weights before it are fixed.

torchao has GPTQ for linear layers on CUDA devices (`torchao.prototype.gptq`); this one runs anywhere, on convolutions,
too, and keeps pruned weights at zero.
"""

from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn

from lesion.compress.masks import prunable
from lesion.compress.measurements.layer_inputs import moments_of_inputs
from lesion.compress.measurements.surgeon import damp, inverse_factor
from lesion.compress.quantised_weights import Quantised, Scheme
from lesion.compress.weight_formats import Grid

AT_ONCE = 128
"""Columns whose errors are passed on together to those after them."""

HELD = 2**29
"""Bytes of Hessians to hold at a time, at least one layer's. The images go through the network once for each part."""
BATCH = 32
"""Images that go through the network at once."""


def hessians(
    model: nn.Module, weights: Collection[str], images: Tensor, *, damping: float
) -> Iterator[tuple[str, Tensor]]:
    """Each weight's name and the damped Hessian of its layer's squared output error: float32 (groups, d, d).

    Weights whose layer `moments_of_inputs` cannot see are missing. images: float32 (n, c, h, w), input of the model,
    which runs in evaluation mode.
    """
    layers = {name: layer for name, layer, _ in prunable(model) if name in weights}
    for part in _parts(layers):
        found = moments_of_inputs(model, part, torch.split(images, BATCH))
        for name in [*found]:
            hessian = found.pop(name)
            damp(hessian, damping)
            yield name, hessian


def _parts(layers: dict[str, nn.Module]) -> Iterator[dict[str, nn.Module]]:
    """The layers in order, in parts whose Hessians are held together."""
    part: dict[str, nn.Module] = {}
    held = 0
    for name, layer in layers.items():
        weight = layer.get_parameter(name.rpartition(".")[2])
        size = 4 * getattr(layer, "groups", 1) * weight[0].numel() ** 2
        if part and held + size > HELD:
            yield part
            part, held = {}, 0
        part[name] = layer
        held += size
    yield part


def _blocks(columns: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """First and last column (exclusive) of each block, and whether a group starts with it."""
    for group in range(0, columns, size):
        end = min(group + size, columns)
        for first in range(group, end, AT_ONCE):
            yield first, min(first + AT_ONCE, end), first == group


@torch.no_grad()
def gptq(rows: Tensor, hessian: Tensor, scheme: Scheme) -> Quantised:
    """Round each row so that the layer's outputs change little.

    The grid of a group is taken when its first column is reached, from its weights as adjusted until then. Weights that
    are 0 stay 0, as SparseGPT has it for pruned weights (arXiv 2301.00774); the others make good for them.

    Parameters
    ----------
    rows : float32 (rows, columns), the weights of each output channel
    hessian : (n, columns, columns), positive definite, for n groups of consecutive rows of equal number; its scale is
        of no matter

    Raises
    ------
    InputError
        If a Hessian is not positive definite.
    """
    count, columns = rows.shape
    factor = inverse_factor(hessian)
    left = rows.double().view(len(hessian), -1, columns).clone()
    pruned = rows == 0
    codes: list[Tensor] = []
    grids: list[Grid] = []
    for first, last, starts in _blocks(columns, size := scheme.size(columns)):
        if starts:
            group = left[:, :, first : first + size].reshape(count, -1).float()
            grids.append(scheme.kind.grid(group.masked_fill(pruned[:, first : first + size], 0), scheme.scale_dtype))
        errors = torch.zeros_like(left[:, :, first:last])
        for column in range(first, last):
            weight = left[:, :, column]
            wanted = weight.reshape(count, 1).float().masked_fill(pruned[:, column, None], 0)
            codes.append(scheme.kind.codes(wanted, grids[-1]))
            error = weight - scheme.kind.values(codes[-1], grids[-1]).view_as(weight)
            error = error / factor[:, column, column, None]
            left[:, :, column:last] -= error[:, :, None] * factor[:, None, column, column:last]
            errors[:, :, column - first] = error
        left[:, :, last:] -= errors @ factor[:, first:last, last:]
    joined = torch.cat([code.view(torch.int8) for code in codes], dim=1).view(codes[0].dtype)
    scale, zero_point = (
        torch.stack(parts, dim=1) for parts in zip(*((g.scale, g.zero_point) for g in grids), strict=True)
    )
    return Quantised(joined, Grid(scale, zero_point))
