"""Importance of the last features, propagated back to the units of all layers (NISP, Yu et al., arXiv 1711.05908).

Through a layer with the weights W it is s_in = |W|ᵀ s_out, for each neuron, that is each position of a channel; a unit
has the sum over positions. This is the gradient of a network that has |W| for W and neither biases nor activation
functions. In it a batch norm multiplies by |γ| / σ, and maxima over windows are means: which neuron is the maximum
depends on the image. A residual sum gives each summand its importance, and adds up what comes back.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from lesion.compress.activations import ACTIVATIONS
from lesion.compress.masks import Units
from lesion.compress.multiply_adds import OPERATORS
from lesion.compress.units import layers_with_units

MEANS: dict[str, Callable[..., Tensor]] = {
    "max_pool1d": functional.avg_pool1d,
    "max_pool2d": functional.avg_pool2d,
    "max_pool3d": functional.avg_pool3d,
    "adaptive_max_pool1d": functional.adaptive_avg_pool1d,
    "adaptive_max_pool2d": functional.adaptive_avg_pool2d,
    "adaptive_max_pool3d": functional.adaptive_avg_pool3d,
}
POOLING = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")


def last_features(model: nn.Module, inputs: Tensor) -> tuple[str, Tensor]:
    """The layer that runs last, by weight name, and what it reads: (n, ...)."""
    found: list[tuple[str, Tensor]] = []
    layers = layers_with_units(model)
    handles = [
        layer.register_forward_pre_hook(lambda _, given, name=name: found.append((name, given[0])))
        for name, layer in layers.items()
    ]
    try:
        model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found[-1]


def propagate(model: nn.Module, units: Mapping[str, Units], inputs: Tensor, importance: Tensor) -> dict[str, Tensor]:
    """Importance of each unit of all layers but the last: float64 (units,), by weight name.

    A unit is what the layer's batch norm gives, if it has one. For networks through which importance can propagate, it
    does not depend on the inputs.

    Parameters
    ----------
    model : in evaluation mode
    units : the units of its layers, which say what batch norm belongs to which layer
    inputs : one image (1, c, h, w)
    importance : of the features that the last layer reads, (f,)
    """
    layers: dict[str, Any] = layers_with_units(model)
    found = {name: torch.zeros(len(layer.weight), dtype=torch.float64) for name, layer in layers.items()}

    def watch(name: str, output: Tensor) -> None:
        dimension = -1 if isinstance(layers[name], nn.Linear) else 1

        def add(gradient: Tensor) -> None:
            found[name] += gradient.movedim(dimension, 0).flatten(1).sum(dim=1).cpu()

        output.register_hook(add)  # type: ignore[no-untyped-call]

    handles = []
    for name, layer in layers.items():
        norm = units[name].norm if name in units else None
        handles.append((norm or layer).register_forward_hook(lambda _, __, output, name=name: watch(name, output)))
    try:
        with torch.enable_grad(), _Absolute() as network:
            last, features = last_features(model, inputs)
            total = (features[0] * importance.to(features.device)).sum()
            torch.autograd.grad(total, network.nothing)
    finally:
        for handle in handles:
            handle.remove()
    del found[last]
    return found


class _Absolute(TorchFunctionMode):
    """Computes with absolute weights, in float64, and without biases and activation functions.

    Attributes
    ----------
    nothing : zero, that is added to each output of a layer; its gradient runs through all of them
    """

    def __init__(self) -> None:
        super().__init__()
        self.nothing = torch.zeros((), dtype=torch.float64, requires_grad=True)

    def __torch_function__(
        self,
        function: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run any torch function, or what stands for it."""
        given, name = dict(kwargs or {}), function.__name__.rstrip("_")
        if function in OPERATORS:
            given |= dict(zip(("input", "weight", "bias"), args, strict=False)) | {"bias": None}
            read, weight = given.pop("input").double(), given.pop("weight").detach().abs().double()
            return function(read, weight, given.pop("bias"), *args[3:], **given) + self.nothing.to(read.device)
        if name in ACTIVATIONS:
            return args[0]
        if name == "batch_norm":
            return _scaled(*args, **given)
        if name in MEANS:
            return MEANS[name](**_pooling(name, args, given))
        return function(*args, **given)


def _scaled(
    read: Tensor,
    running_mean: Tensor | None,  # noqa: ARG001
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,  # noqa: ARG001
    training: bool = False,  # noqa: ARG001
    momentum: float = 0.1,  # noqa: ARG001
    eps: float = 1e-5,
) -> Tensor:
    """What a batch norm gives without its constant and with |γ| for γ. Parameters as of torch's `batch_norm`."""
    scale = torch.ones(read.shape[1], dtype=torch.float64, device=read.device)
    if running_var is not None:
        scale = (running_var.double() + eps).rsqrt()
    if weight is not None:
        scale = scale * weight.detach().abs().double()
    return read * scale.view(-1, *[1] * (read.dim() - 2))


def _pooling(name: str, args: tuple[Any, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    if name.startswith("adaptive"):
        return dict(zip(("input", "output_size"), args, strict=False)) | {
            key: value for key, value in given.items() if key in ("input", "output_size")
        }
    named = dict(zip(POOLING, args, strict=False)) | dict(given)
    return {key: named[key] for key in POOLING if key in named and key != "dilation"}
