"""Microseconds that each layer takes at smaller numbers of channels, from a table measured on this machine.

A table of layers, as in NetAdapt (Yang et al., arXiv 1804.03230, section 3.3), is measured once and read for every
allocation. It leaves out what is no convolution or linear layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.benchmark import Timer

from lesion.compress.search.layers import Run, run_layers

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the channels at which a layer is measured; below the first it is taken to be as slow as there."""
CALLS, REPEATS, ROUNDS = 5, 4, 3
"""Calls of a layer that are timed together, how often in a row, and in how many rounds over all layers.

The least time counts, since the load of a machine only adds.
"""


class Latencies:
    """Microseconds of each layer for one image, by numbers of outputs and inputs; between measurements linear in both.

    A table never falls with more channels: where a larger number is measured to be faster, the smaller one is as fast.
    """

    def __init__(self, plain: nn.Module, image: Tensor) -> None:
        runs = run_layers(plain, image)
        rounds = [{name: _measured(run) for name, run in runs.items()} for _ in range(ROUNDS)]
        self._tables: dict[str, Tensor] = {}
        self._full = {name: run.layer.weight.shape[:2] for name, run in runs.items()}
        for name in runs:
            table = torch.stack([found[name] for found in rounds]).amin(dim=0)
            self._tables[name] = table.flip(0, 1).cummin(dim=0).values.cummin(dim=1).values.flip(0, 1)

    def __call__(self, name: str, outputs: int, inputs: int) -> float:
        """Microseconds of the layer with this weight; 0 without channels, or for what is no layer of the table."""
        if name not in self._tables or not outputs or not inputs:
            return 0.0
        table, full = self._tables[name], self._full[name]
        low, high, part = _between(outputs / full[0])
        left, right, across = _between(inputs / full[1])
        first = torch.lerp(table[low, left], table[low, right], across)
        last = torch.lerp(table[high, left], table[high, right], across)
        return float(torch.lerp(first, last, part))


def _between(share: float) -> tuple[int, int, float]:
    """The entries on both sides of a share, and how far it lies from the first to the second."""
    after = next((place for place, at in enumerate(SHARES) if share <= at), len(SHARES) - 1)
    if after == 0:
        return 0, 0, 0.0
    return after - 1, after, (share - SHARES[after - 1]) / (SHARES[after] - SHARES[after - 1])


def _measured(run: Run) -> Tensor:
    """Microseconds at `SHARES` of the outputs and of the inputs, float64 (shares, shares)."""
    outputs, inputs = run.layer.weight.shape[:2]
    found = [[_time(run, round(a * outputs), round(b * inputs)) for b in SHARES] for a in SHARES]
    return torch.tensor(found, dtype=torch.float64)


def _time(run: Run, outputs: int, inputs: int) -> float:
    """Time of one call of the layer with so many channels, in microseconds: the least of many."""
    layer, shape = _resized(run.layer, max(1, outputs), max(1, inputs)), list(run.shape)
    channels = 1 if isinstance(layer, nn.Conv2d) else len(shape) - 1
    shape[channels] = layer.in_channels if isinstance(layer, nn.Conv2d) else layer.in_features
    images = torch.zeros(shape, dtype=run.layer.weight.dtype, device=run.layer.weight.device)
    layer = layer.to(images)
    timer = Timer("layer(images)", globals={"layer": layer, "images": images})
    with torch.no_grad():
        return 1e6 * min(float(timer.timeit(CALLS).median) for _ in range(REPEATS))


def _resized(layer: nn.Conv2d | nn.Linear, outputs: int, inputs: int) -> nn.Conv2d | nn.Linear:
    """A layer of the same kind with other numbers of channels. A grouped one that is not depthwise keeps its own."""
    if isinstance(layer, nn.Linear):
        return nn.Linear(inputs, outputs, bias=layer.bias is not None)
    groups = layer.groups
    if groups == layer.in_channels == layer.out_channels:
        inputs = groups = outputs
    elif groups > 1:
        outputs, inputs = layer.out_channels, layer.in_channels
    return nn.Conv2d(
        inputs, outputs, layer.kernel_size, layer.stride, layer.padding, layer.dilation, groups,  # type: ignore[arg-type]
        bias=layer.bias is not None,
    )  # fmt: skip
