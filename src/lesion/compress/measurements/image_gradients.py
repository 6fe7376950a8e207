"""Gradients of single images, in evaluation mode, where the output for an image does not depend on the others."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from lesion.compress.measurements.gradient import differentiating, gradients
from lesion.compress.probe import Batch, Probe

AT_ONCE = 256 * 2**20
"""Bytes of gradients of single images to hold at a time; at least one image's."""

ImageLoss = Callable[[Tensor, Tensor], Tensor]
"""Logits of an image, (classes,), and its target -> the scalar to differentiate."""

Targets = Callable[[Batch], Tensor]
"""A batch of n images -> their targets, (n, *): labels or other values that the loss needs."""

Add = Callable[[Tensor | None, Tensor], Tensor]
"""The sum so far (None at first), and gradients (n, *shape of a weight) -> the new sum, updated in place."""


def image_gradients(probe: Probe, loss: ImageLoss, inputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """The gradient of each image: (n, *shape of the weight), by weight name. The network must be in evaluation mode."""
    parameter_names = {
        name: f"{name.removesuffix(attribute)}parametrizations.{attribute}.original"
        for name, (_, attribute) in probe.network.layers.items()
    }
    # Each image gets its own view of the weights. torch.func.grad needs none, but imports the compiler, which takes
    # seconds. Contiguous, since vmap has no rule for pooling channels-last tensors.
    own = {
        parameter_names[name]: weight.contiguous().expand(len(inputs), *weight.shape).requires_grad_()
        for name, weight in probe.network.weights().items()
    }

    def image_loss(weights: dict[str, Tensor], image: Tensor, target: Tensor) -> Tensor:
        return loss(functional_call(probe.model, weights, (image[None],))[0], target)

    total = vmap(image_loss)(own, inputs.contiguous(), targets).sum()
    found = gradients(total, own)
    return {name: found[parameter] for name, parameter in parameter_names.items()}


def mean_over_gradients(probe: Probe, images: int, loss: ImageLoss, targets: Targets, add: Add) -> dict[str, Tensor]:
    """Sum up the gradients of single images with `add`, at most a batch at a time, and divide by their number."""
    size = sum(weight.numel() * weight.element_size() for weight in probe.network.weights().values())
    at_once = max(1, AT_ONCE // size)
    totals: dict[str, Tensor] = {}
    count = 0
    with differentiating(probe, training=False):
        for batch in probe.batches(images):
            for part in zip(torch.split(batch[0], at_once), torch.split(targets(batch), at_once), strict=True):
                for name, own in image_gradients(probe, loss, *part).items():
                    totals[name] = add(totals.get(name), own)
            count += len(batch[1])
    return {name: total.div_(count) for name, total in totals.items()}


def mean_square(probe: Probe, images: int, loss: ImageLoss, targets: Targets) -> dict[str, Tensor]:
    """Mean over images of the squared gradient, in the shape of each weight, by weight name."""

    def add(total: Tensor | None, own: Tensor) -> Tensor:
        squares = own.square().sum(dim=0)
        return squares if total is None else total.add_(squares)

    return mean_over_gradients(probe, images, loss, targets, add)
