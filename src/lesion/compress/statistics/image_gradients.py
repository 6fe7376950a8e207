"""Gradients for single images, in evaluation mode, where what an image gives does not depend on the others."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from lesion.compress.probe import Batch, Probe
from lesion.compress.statistics.gradient import differentiating, gradients

AT_ONCE = 256 * 2**20
"""Bytes of gradients, an own one for each image, that are held at a time; those of one image at least."""

OfImage = Callable[[Tensor, Tensor], Tensor]
"""An image's logits, (classes,), and something that belongs to the image -> the scalar whose gradient is taken."""

Belonging = Callable[[Batch], Tensor]
"""What belongs to the images of a batch: (n, *)."""

Add = Callable[[Tensor | None, Tensor], Tensor]
"""A sum so far, None at first, and gradients (n, *shape of a weight) -> the sum with them, in the same memory."""


def image_gradients(probe: Probe, of: OfImage, inputs: Tensor, belonging: Tensor) -> dict[str, Tensor]:
    """The gradient for each image: (n, *shape of the weight), by name; the network must be in evaluation."""
    inside = {
        name: f"{name.removesuffix(attribute)}parametrizations.{attribute}.original"
        for name, (_, attribute) in probe.network.layers.items()
    }
    # Each image has the weights to itself: torch.func.grad would do without, but imports the compiler, in seconds.
    # Contiguous, since vmap has no rule for the pooling of what lies channels-last.
    own = {
        inside[name]: weight.contiguous().expand(len(inputs), *weight.shape).requires_grad_()
        for name, weight in probe.network.weights().items()
    }

    def scalar(weights: dict[str, Tensor], image: Tensor, beside: Tensor) -> Tensor:
        return of(functional_call(probe.model, weights, (image[None],))[0], beside)

    total = vmap(scalar)(own, inputs.contiguous(), belonging).sum()
    found = gradients(total, own)
    return {name: found[within] for name, within in inside.items()}


def mean_over_gradients(probe: Probe, images: int, of: OfImage, belonging: Belonging, add: Add) -> dict[str, Tensor]:
    """Mean over images of what `add` sums up of their gradients; a batch, or a part of one, is in memory."""
    size = sum(weight.numel() * weight.element_size() for weight in probe.network.weights().values())
    at_once = max(1, AT_ONCE // size)
    totals: dict[str, Tensor] = {}
    count = 0
    with differentiating(probe, training=False):
        for batch in probe.batches(images):
            for part in zip(torch.split(batch[0], at_once), torch.split(belonging(batch), at_once), strict=True):
                for name, own in image_gradients(probe, of, *part).items():
                    totals[name] = add(totals.get(name), own)
            count += len(batch[1])
    return {name: total.div_(count) for name, total in totals.items()}


def mean_square(probe: Probe, images: int, of: OfImage, belonging: Belonging) -> dict[str, Tensor]:
    """Mean over images of their squared gradients, of the shape of each weight."""

    def add(total: Tensor | None, own: Tensor) -> Tensor:
        squares = own.square().sum(dim=0)
        return squares if total is None else total.add_(squares)

    return mean_over_gradients(probe, images, of, belonging, add)
