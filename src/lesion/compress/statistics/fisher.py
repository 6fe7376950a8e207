"""The empirical Fisher matrix: the mean over images of g gᵀ, g the gradient of the image's own loss.

Its diagonal, or blocks along it. In evaluation mode, where an image's loss does not depend on the others.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from lesion.compress.probe import Batch, Probe
from lesion.compress.statistics.gradient import mean_over_images

AT_ONCE = 256 * 2**20
"""Bytes of gradients, an own one for each image, that are held at a time; those of one image at least."""


def image_gradients(probe: Probe, batch: Batch) -> dict[str, Tensor]:
    """The gradient of each image's own loss: (n, *shape of the weight), by name; the network must be in evaluation."""
    inside = {
        name: f"{name.removesuffix(attribute)}parametrizations.{attribute}.original"
        for name, (_, attribute) in probe.network.layers.items()
    }
    parameters = {inside[name]: parameter.detach() for name, parameter in probe.network.parameters().items()}

    def loss(values: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(functional_call(probe.model, values, (image[None],)), label[None])

    with torch.no_grad():  # biases and norms ask for gradients of gradients otherwise
        found = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, *batch)
    return {name: found[within] for name, within in inside.items()}


def mean_over_gradients(probe: Probe, images: int, summed: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Mean over images of what `summed` makes of their gradients (n, *shape), the sum over n."""
    size = sum(weight.numel() * weight.element_size() for weight in probe.network.weights().values())
    at_once = max(1, AT_ONCE // size)

    def of_batch(batch: Batch) -> dict[str, Tensor]:
        inputs, label = batch
        totals: dict[str, Tensor] = {}
        for part in zip(torch.split(inputs, at_once), torch.split(label, at_once), strict=True):
            for name, own in image_gradients(probe, part).items():
                totals[name] = totals[name].add_(summed(own)) if name in totals else summed(own)
        return {name: total / len(label) for name, total in totals.items()}

    return mean_over_images(probe, images, of_batch, training=False)


def fisher_diagonal(probe: Probe, images: int) -> dict[str, Tensor]:
    """Mean over images of their squared gradients, of the shape of each weight."""
    return mean_over_gradients(probe, images, lambda own: own.square().sum(dim=0))


def cut(tensor: Tensor, block: int) -> Tensor:
    """(*, n) -> (*, blocks, block): consecutive entries together, the last block filled up with zeros."""
    return functional.pad(tensor, (0, -tensor.shape[-1] % block)).reshape(*tensor.shape[:-1], -1, block)


def fisher_blocks(probe: Probe, images: int, block: int) -> dict[str, Tensor]:
    """The part of the matrix within blocks of consecutive weights of each tensor: (blocks, block, block), by name.

    Blocks times block are no fewer than the weights; rows and columns of what is too many are zero.
    """

    def outer(own: Tensor) -> Tensor:
        columns = cut(own.flatten(1), block).permute(1, 2, 0)
        return columns @ columns.mT

    return mean_over_gradients(probe, images, outer)
