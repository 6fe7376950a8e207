"""Weights that a layer transforms before it multiplies with them: weight standardisation, parametrisations.

A zero in such a weight is no zero in what is computed with, so it cannot be pruned by a mask.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lesion.compress.masks import prunable

log = logging.getLogger(__name__)

PRODUCTS = frozenset({
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear", "matmul", "mm",
    "bmm", "addmm", "baddbmm", "einsum", "multi_head_attention_forward",
})  # fmt: skip
"""Names of the functions that multiply inputs with a weight."""


class _Readers(TorchFunctionMode):
    """Notes by which functions each tensor is read, while it is active: names by the identity of the tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[int, set[str]] = {}

    def __torch_function__(
        self,
        function: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run any torch function; note its tensors, but not the reading of an attribute such as their shape."""
        named, name = dict(kwargs or {}), getattr(function, "__name__", "")
        if name != "__get__":
            for value in (*args, *named.values()):
                if isinstance(value, Tensor):
                    self.of.setdefault(id(value), set()).add(name)
        return function(*args, **named)


def computed_weights(model: nn.Module, inputs: Tensor) -> list[str]:
    """Names of the prunable weights that no product reads, though something does, or that are no parameters.

    Runs the network on `inputs`, (n, c, h, w), in evaluation mode; one image is enough.
    """
    readers, was = _Readers(), model.training
    try:
        with torch.no_grad(), readers:
            model.eval()(inputs)
    finally:
        model.train(was)
    found = []
    for name, layer, attribute in prunable(model):
        weight = getattr(layer, attribute)
        by = readers.of.get(id(weight), set())
        if not isinstance(weight, nn.Parameter) or (by and not by & PRODUCTS):
            found.append(name)
    return found


def stay_dense(model: nn.Module, inputs: Tensor) -> list[str]:
    """`computed_weights`, with a warning in the log that names them."""
    names = computed_weights(model, inputs)
    if names:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        log.warning("these weights stay dense, since their layers transform them before use: %s", shown)
    return names
