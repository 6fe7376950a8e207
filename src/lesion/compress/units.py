"""What goes with the output channels of each layer, found by watching one image go through."""

from collections import defaultdict
from collections.abc import MutableMapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize
from torch.utils.weak import WeakTensorKeyDictionary

from lesion.compress.masks import Unit, prunable
from lesion.compress.probe import Probe


class Outputs:
    """Which layer made a tensor; that is known as long as nothing is written over it."""

    def __init__(self) -> None:
        self._made: MutableMapping[Tensor, tuple[str, int]] = WeakTensorKeyDictionary()

    def add(self, tensor: Tensor, name: str) -> None:
        """A tensor as it is now, and the name of what made it."""
        self._made[tensor] = (name, tensor._version)

    def maker(self, tensor: Tensor) -> str | None:
        """The name of what made this very tensor with the values that it has, if that is known."""
        name, version = self._made.get(tensor, (None, None))
        return name if version == tensor._version else None

    def forget(self, tensor: Tensor) -> None:
        """From now on nobody made it."""
        del self._made[tensor]


def layers_with_units(model: nn.Module) -> dict[str, nn.Module]:
    """By name of the weight, the layers whose weights have an output channel a row.

    Not the packed projections of attention, whose outputs nothing reads as they are, nor transposed convolutions.
    """
    return {
        name: layer
        for name, layer, attribute in prunable(model)
        if attribute == "weight" and not getattr(layer, "transposed", False)
    }


def find_units(model: nn.Module, inputs: Tensor) -> dict[str, Unit]:
    """By name of the weight, what goes with its output channels; (n, c, h, w) inputs, one is enough.

    A norm belongs to a layer where its input is always that layer's output, the very tensor, with the channels second
    as norms have them; where it is the only norm that reads the layer, and has a scale and a bias. Whatever else reads
    the layer's output sees zeros where a channel is pruned, as its weights and its own bias are pruned too.
    """
    outputs = Outputs()
    read: dict[nn.Module, set[str | None]] = defaultdict(set)
    layers = layers_with_units(model)

    def made(name: str, output: Tensor) -> None:
        if output.dim() == 2 or not isinstance(layers[name], nn.Linear):
            outputs.add(output, name)

    handles = [
        layer.register_forward_hook(lambda _, __, output, name=name: made(name, output))
        for name, layer in layers.items()
    ]
    handles += [
        module.register_forward_pre_hook(lambda norm, inputs: read[norm].add(outputs.maker(inputs[0])))
        for module in model.modules()
        if isinstance(module, _BatchNorm)
    ]
    was = model.training
    try:
        with torch.no_grad():
            model.eval()(inputs)
    finally:
        model.train(was)
        for handle in handles:
            handle.remove()
    norms = {name: [norm for norm, makers in read.items() if name in makers] for name in layers}
    return {
        name: Unit(found[0] if len(found) == 1 and read[found[0]] == {name} and found[0].affine else None)
        for name, found in norms.items()
    }


def probed_units(probe: Probe) -> dict[str, Unit]:
    """The units of a network in training."""
    return find_units(probe.model, next(iter(probe.batches(1)))[0])


def scale_under_mask(norm: nn.Module) -> nn.Parameter:
    """The scale γ of a batch norm, (units,): the parameter itself, without the mask that it may have."""
    masked = parametrize.is_parametrized(norm, "weight")
    return norm.get_parameter("parametrizations.weight.original" if masked else "weight")


def over_weights(values: Tensor, weight: Tensor) -> Tensor:
    """A value of each unit, (units,), for all weights of its output channel: a view of the shape of the weight."""
    return values.reshape(-1, *[1] * (weight.dim() - 1)).expand_as(weight)
