"""The output units of each layer and the batch norm that belongs to them, found by running the network on one image."""

from collections import defaultdict
from collections.abc import MutableMapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize
from torch.utils.weak import WeakTensorKeyDictionary

from lesion.compress.masks import Units, prunable
from lesion.compress.probe import Probe


class Producers:
    """Remembers which layer produced a tensor, until the tensor is changed in place."""

    def __init__(self) -> None:
        self._names: MutableMapping[Tensor, tuple[str, int]] = WeakTensorKeyDictionary()

    def add(self, tensor: Tensor, name: str) -> None:
        """Remember `name` as the producer of a tensor with its current values."""
        self._names[tensor] = (name, tensor._version)

    def producer(self, tensor: Tensor) -> str | None:
        """Name of the producer of this tensor object; None if unknown, or if the tensor was changed in place since."""
        name, version = self._names.get(tensor, (None, None))
        return name if version == tensor._version else None

    def forget(self, tensor: Tensor) -> None:
        """Forget the producer of a tensor."""
        del self._names[tensor]


def layers_with_units(model: nn.Module) -> dict[str, nn.Module]:
    """The layers whose weight has a row for each output unit, by weight name.

    Packed projections of attention are left out, since no layer reads their outputs as such, and so are transposed
    convolutions.
    """
    return {
        name: layer
        for name, layer, attribute in prunable(model)
        if attribute == "weight" and not getattr(layer, "transposed", False)
    }


def find_units(model: nn.Module, inputs: Tensor) -> dict[str, Units]:
    """The output units of each layer, by weight name. `inputs`: (n, c, h, w); one image is enough.

    A batch norm belongs to a layer if it has a scale and a bias, if its input is always that layer's output (the same
    tensor object, channels in dimension 1), and if no other batch norm reads the layer. Other readers of the output see
    zeros for a pruned unit, since the unit's weights and own bias are masked too.
    """
    producers = Producers()
    read: dict[nn.Module, set[str | None]] = defaultdict(set)
    layers = layers_with_units(model)

    def record(name: str, output: Tensor) -> None:
        if output.dim() == 2 or not isinstance(layers[name], nn.Linear):
            producers.add(output, name)

    handles = [
        layer.register_forward_hook(lambda _, __, output, name=name: record(name, output))
        for name, layer in layers.items()
    ]
    handles += [
        module.register_forward_pre_hook(lambda norm, inputs: read[norm].add(producers.producer(inputs[0])))
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
    norms = {name: [norm for norm, names in read.items() if name in names] for name in layers}
    return {
        name: Units(found[0] if len(found) == 1 and read[found[0]] == {name} and found[0].affine else None)
        for name, found in norms.items()
    }


def probed_units(probe: Probe) -> dict[str, Units]:
    """The output units of a probe's network, by weight name."""
    return find_units(probe.model, next(iter(probe.batches(1)))[0])


def scale_under_mask(norm: nn.Module) -> nn.Parameter:
    """The scale γ of a batch norm, (units,), without the mask that it may have."""
    masked = parametrize.is_parametrized(norm, "weight")
    return norm.get_parameter("parametrizations.weight.original" if masked else "weight")


def over_weights(values: Tensor, weight: Tensor) -> Tensor:
    """Repeat the value of each unit, (units,), for all of its weights. Returns a view in the shape of `weight`."""
    return values.reshape(-1, *[1] * (weight.dim() - 1)).expand_as(weight)
