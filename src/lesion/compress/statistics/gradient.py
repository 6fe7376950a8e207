"""Means over training images of what autograd gives, and the first of them: the gradient of the loss."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from lesion.compress.probe import Batch, Probe

Loss = Callable[[Batch], Tensor]
"""The mean loss of a batch, a scalar that can be differentiated."""


@contextmanager
def differentiating(probe: Probe, *, training: bool) -> Iterator[None]:
    """While the block runs, derivatives by all weights can be taken, the second ones too."""
    # fused attention has no second derivative and no rule for vmap
    with probe.looking(training=training), probe.network.dense_gradients(), sdpa_kernel(SDPBackend.MATH):
        yield


def mean_over_images(
    probe: Probe, images: int, of: Callable[[Batch], Mapping[str, Tensor]], *, training: bool
) -> dict[str, Tensor]:
    """Mean over images of tensors that `of` gives as means over a batch; one batch at a time is in memory."""
    totals: dict[str, Tensor] = {}
    count = 0
    with differentiating(probe, training=training):
        for batch in probe.batches(images):
            size = len(batch[1])
            for name, mean in of(batch).items():
                totals[name] = totals[name].add_(mean, alpha=size) if name in totals else mean * size
            count += size
    return {name: total.div_(count) for name, total in totals.items()}


def gradients(loss: Tensor, parameters: Mapping[str, Tensor], *, create_graph: bool = False) -> dict[str, Tensor]:
    """Of a scalar by each parameter, zero where it does not depend on it."""
    found = torch.autograd.grad(loss, list(parameters.values()), create_graph=create_graph, materialize_grads=True)
    return dict(zip(parameters, found, strict=True))


def mean_gradient(probe: Probe, loss: Loss, images: int, *, training: bool) -> dict[str, Tensor]:
    """Gradient of the mean loss over images, of the shape of each weight."""
    parameters = probe.network.parameters()
    return mean_over_images(probe, images, lambda batch: gradients(loss(batch), parameters), training=training)
