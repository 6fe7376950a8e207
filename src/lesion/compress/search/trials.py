"""Trials of an allocation: the network is measured on held-out images under its masks, and then is as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lesion.compress.batch_norms import estimate_again
from lesion.compress.search.layers import run_layers
from lesion.compress.search.problem import AllocationProblem, Counts, Layer

if TYPE_CHECKING:
    from lesion.compress.grouping import Groups
    from lesion.compress.probe import Probe
    from lesion.compress.search.costs import Costs
    from lesion.compress.search.counts import MasksOf
    from lesion.compress.search.options import Searching

BATCH = 256
"""Images that go through the network together."""
STATISTICS = 64
"""Images whose statistics a batch norm takes together when it is measured again, at most."""


def pose(
    tensors: Mapping[str, Groups],
    options: Searching,
    layers: Mapping[str, Layer],
    *,
    cost: Callable[[Counts], float],
    limit: float,
    probe: Probe,
    masks_of: MasksOf,
) -> AllocationProblem:
    """The problem of a network under masks, which a trial measures on held-out images.

    Arguments are those of `AllocationProblem`.
    """
    accuracy = measured(probe, options.images, options.batch_norms)

    def reward(counts: Counts) -> float:
        found = accuracy(masks_of(counts))
        return found if options.reward == "accuracy" else -(1 - found) * math.log(cost(counts))

    return AllocationProblem(
        tensors, layers, cost=cost, reward=reward, limit=limit, least=options.least, seed=probe.seed("search")
    )


def layers_of(
    tensors: Iterable[str], masks_of: MasksOf, costs: Costs, plain: nn.Module, image: Tensor
) -> dict[str, Layer]:
    """The layer of each tensor, the first if its groups lie in several. `plain`, `image`: as `costs` has them."""
    dense, runs = costs.dense, run_layers(plain, image)
    layers = {}
    for name in tensors:
        weights = [*masks_of({name: 0})]
        weight = plain.get_parameter(weights[0])
        run = runs.get(weights[0])
        stride = 0 if run is None or isinstance(run.layer, nn.Linear) else run.layer.stride[0]
        height, width = (run.shape[2], run.shape[3]) if run is not None and len(run.shape) == 4 else (1, 1)
        kernel = weight.shape[2] if weight.dim() > 2 else 1
        layers[name] = Layer(
            weight.shape[0], weight.shape[1], height, width, stride, kernel, sum(dense[one] for one in weights)
        )
    return layers


def measured(probe: Probe, images: int, batch_norms: int | None) -> Callable[[Mapping[str, Tensor]], float]:
    """A function: masks, bool by weight name -> the accuracy on `images` held-out images, a fraction.

    `batch_norms`: number of images of the score's draw on which batch norms are measured again first; null for none.
    """
    shown = [] if batch_norms is None else [part for part, _ in probe.batches(batch_norms)]
    inputs, label = probe.held_out(images)

    def accuracy(masks: Mapping[str, Tensor]) -> float:
        with torch.no_grad(), probe.in_mode(training=False):  # which restores masks, too
            probe.network.set(masks)
            if batch_norms is not None:
                estimate_again(probe.model, torch.tensor_split(torch.cat(shown), -(-batch_norms // STATISTICS)))
            logits = torch.cat([probe.model(part) for part in torch.split(inputs, BATCH)])
        return float((logits.argmax(dim=1) == label).double().mean())

    return accuracy
