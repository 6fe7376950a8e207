"""Weights that a layer transforms before it multiplies with them: weight standardisation, parametrisations.

A zero in such a weight is no zero in what is computed with, so it cannot be pruned by a mask.
"""

import logging

from torch import Tensor, nn

from lesion.compress.masks import prunable
from lesion.compress.multiply_adds import weights_in_use

log = logging.getLogger(__name__)


def computed_weights(model: nn.Module, inputs: Tensor) -> list[str]:
    """Names of the prunable weights that are no parameters, or that enter no product as they are but transformed.

    Runs the network on zeros like `inputs`, (n, …), in evaluation mode.
    """
    was = model.training
    try:
        used = weights_in_use(model, tuple(inputs.shape[1:]), inputs.dtype)
    finally:
        model.train(was)
    own = {name: getattr(layer, attribute) for name, layer, attribute in prunable(model)}
    return [name for name, weight in own.items() if not isinstance(weight, nn.Parameter) or used[name] is not weight]


def stay_dense(model: nn.Module, inputs: Tensor) -> list[str]:
    """`computed_weights`, with a warning in the log that names them."""
    names = computed_weights(model, inputs)
    if names:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        log.warning("these weights stay dense, since their layers transform them before use: %s", shown)
    return names
