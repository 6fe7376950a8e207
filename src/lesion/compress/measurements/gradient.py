"""The gradient of the loss, and means of other derivatives over training images."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from lesion.compress.probe import Batch, Probe

Loss = Callable[[Batch], Tensor]
"""A batch -> its mean loss, a differentiable scalar."""

Mode = Literal["training", "evaluation"]
"""Whether batch norms use the statistics of the batch, or the running ones."""


def trains(probe: Probe, mode: Mode | None) -> bool:
    """True if a score is to measure in training mode: as `mode` says, else if the network trains afterwards."""
    return probe.trains if mode is None else mode == "training"


@contextmanager
def differentiating(probe: Probe, *, training: bool) -> Iterator[None]:
    """Inside the block, first and second derivatives with respect to all weights can be taken."""
    # fused attention has neither second derivatives nor a rule for vmap
    with probe.in_mode(training=training), probe.network.dense_gradients(), sdpa_kernel(SDPBackend.MATH):
        yield


def mean_over_images(
    probe: Probe, images: int, batch_means: Callable[[Batch], Mapping[str, Tensor]], *, training: bool
) -> dict[str, Tensor]:
    """Mean over images of the tensors that `batch_means` computes for each batch, one batch at a time in memory."""
    totals: dict[str, Tensor] = {}
    count = 0
    with differentiating(probe, training=training):
        for batch in probe.batches(images):
            size = len(batch[1])
            for name, mean in batch_means(batch).items():
                totals[name] = totals[name].add_(mean, alpha=size) if name in totals else mean * size
            count += size
    return {name: total.div_(count) for name, total in totals.items()}


def gradients(loss: Tensor, parameters: Mapping[str, Tensor], *, create_graph: bool = False) -> dict[str, Tensor]:
    """Gradient of a scalar with respect to each parameter, by name; zero if the scalar does not depend on it."""
    found = torch.autograd.grad(loss, list(parameters.values()), create_graph=create_graph, materialize_grads=True)
    return dict(zip(parameters, found, strict=True))


def mean_gradient(probe: Probe, loss: Loss, images: int, *, training: bool) -> dict[str, Tensor]:
    """Gradient of the mean loss over `images` images, in the shape of each weight, by weight name."""
    parameters = probe.network.parameters()
    return mean_over_images(probe, images, lambda batch: gradients(loss(batch), parameters), training=training)
