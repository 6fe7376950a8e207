"""Runs a model with int8 convolutions and linear layers, from the tensors that pt2e.py stores.

A quantised layer `<layer>` is stored as

| key | dtype, shape | meaning |
| --- | --- | --- |
| `<layer>.weight` | int8, the weight's shape | q in [−127, 127]; the weight is q · weight_scale of its output channel |
| `<layer>.weight_scale` | float32, (output channels,) | |
| `<layer>.bias` | float32, (output channels,) | missing if there is none; a folded batch norm creates one |
| `<layer>.input_scale` | float32, () | static only |
| `<layer>.input_zero_point` | int8, () | static only: the integer for 0.0 |

An operator that is not all that its layer runs (operators.py) is stored by the name of its weight in the state dict,
`<weight>`, with `.scale`, `.input_scale` and `.input_zero_point` as above, and

| key | dtype, shape | meaning |
| --- | --- | --- |
| `<weight>.integers` | int8, the weight's shape | if a module reads the weight: attention, torchvision's Swin |
| `<weight>.computed` | int8, the weight's shape | if the layer computes its weight from it: what was computed |
| `<weight>.bias` | float32, (output channels,) | only if a folded batch norm created it |

All other parameters and buffers that the forward pass reads are stored unchanged, for example a batch norm that follows
no convolution, and layers that stay float.

The arithmetic is that of pt2e's quantise-dequantise graph: integers are exact, and the layer computes in float32 with
(q − zero point) · scale. It runs on any device with torch alone. An integer kernel differs by float32 rounding. Float
weights are computed once, when a member is restored.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lesion.compress.attention import separate
from lesion.compress.grids import FixedGrid, grid_of_each_image
from lesion.compress.intercept import Replacement, intercept

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
"""The modules that are quantised, including subclasses with the same forward pass."""

INTEGERS = {"read": "integers", "computed": "computed"}
"""Kind of an operator -> the last part of the key of its integers."""

Inputs = tuple[Tensor, ...]
"""The positional arguments of a layer, its input first."""


def key(module: str, name: str) -> str:
    """The state-dict key of tensor `name` of `module` ("" for the model itself)."""
    return f"{module}.{name}" if module else name


class BeforeLayer:
    """Forward pre-hook that quantises the input of a layer."""

    def __init__(self, grid: Callable[[Tensor], Tensor]) -> None:
        self.grid = grid

    def __call__(self, _: nn.Module, inputs: Inputs) -> Inputs:
        """Quantise the first positional argument."""
        return (self.grid(inputs[0]), *inputs[1:])


def restorer(model: nn.Module, *, static: bool) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors of a member -> `model` with them, in eval mode, valid until the next call.

    The first call changes `model`: folded batch norms become identities, layers get the biases that folding created,
    and layers quantise their inputs. Tensors of another model raise KeyError, or RuntimeError for a shape.
    """
    network = _Network(model, static=static)
    model.eval()
    return network.restore


class _Network:
    def __init__(self, model: nn.Module, *, static: bool) -> None:
        self.model, self.static = model, static
        self.layers: list[str] = []
        self.replaced: dict[str, Replacement] = {}
        self.kinds: dict[str, str] = {}
        self.grids: dict[str, FixedGrid] = defaultdict(FixedGrid)

    def grid(self, owner: str) -> Callable[[Tensor], Tensor]:
        return self.grids[owner] if self.static else grid_of_each_image

    def prepare(self, tensors: Mapping[str, Tensor]) -> None:
        """Make the model quantise the inputs of what is stored in integers."""
        _fold_batch_norms(self.model, tensors)
        for name, integers, _ in integer_weights(tensors):
            if name == integers:
                self.layers.append(name.rpartition(".")[0])
            else:
                self.kinds[name] = integers.rpartition(".")[2]
        for layer in self.layers:
            module = self.model.get_submodule(layer)
            module.register_forward_pre_hook(BeforeLayer(self.grid(layer)))
            _make_bias(module, tensors.get(key(layer, "bias")))
        readers: dict[nn.Module, list[Replacement]] = defaultdict(list)
        for weight, kind in self.kinds.items():
            layer, _, attribute = weight.rpartition(".")
            module, reader = self.model.get_submodule(layer), self.model.get_submodule(layer.rpartition(".")[0])
            found = self.replaced[weight] = Replacement(module, attribute, self.grid(weight))
            for attention in (module, reader):
                if type(attention) is nn.MultiheadAttention:
                    separate(attention)
            if kind == INTEGERS["computed"]:
                intercept(module, [found], computed=True)
            else:
                readers[reader].append(found)
        for reader, replacements in readers.items():
            intercept(reader, replacements, computed=False)

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> nn.Module:
        if not self.layers and not self.kinds:
            self.prepare(tensors)
        own = self.model.state_dict()
        for layer in self.layers:
            weight = own.pop(key(layer, "weight"))
            weight.copy_(dequantised(tensors[key(layer, "weight")], tensors[key(layer, "weight_scale")]))
            self._read_grid(layer, tensors)
        for name, kind in self.kinds.items():
            found = self.replaced[name]
            own.pop(name).copy_(dequantised(tensors[key(name, kind)], tensors[key(name, "scale")]))
            if key(name, "bias") in tensors:
                found.set_bias(tensors[key(name, "bias")])
            self._read_grid(name, tensors)
            if kind == INTEGERS["computed"]:  # what else the weight is computed from is not read any more, nor stored
                layer = name.rpartition(".")[0]
                for other, _ in found.owner.named_parameters(recurse=False):
                    if key(layer, other) not in tensors:
                        own.pop(key(layer, other), None)
        for name, value in own.items():
            if not name.endswith("num_batches_tracked"):  # read in training only, and not stored
                value.copy_(tensors[name])
        return self.model

    def _read_grid(self, owner: str, tensors: Mapping[str, Tensor]) -> None:
        if self.static:
            self.grids[owner].scale = float(tensors[key(owner, "input_scale")])
            self.grids[owner].zero_point = int(tensors[key(owner, "input_zero_point")])


def integer_weights(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, str, str]]:
    """Of each weight that is stored in integers: its name in the network, the keys of its integers and of its scale."""
    for name in tensors:
        owner, _, last = name.rpartition(".")
        if last == "weight_scale":
            yield key(owner, "weight"), key(owner, "weight"), name
        elif last in INTEGERS.values() and key(owner, "scale") in tensors:
            yield owner, name, key(owner, "scale")


def dequantised(integers: Tensor, scale: Tensor) -> Tensor:
    """The weight of int8 integers, float32 in their shape; `scale`: float32 (output channels,)."""
    return integers.float() * scale.view(-1, *[1] * (integers.dim() - 1))


def _fold_batch_norms(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Replace each batch norm that was folded, that is whose statistics are not stored, by an identity.

    A subclass may do more than normalise (timm's also apply the activation). It stays, with statistics and parameters
    that make its normalisation exactly x · 1 + 0.
    """
    for name, module in list(model.named_modules()):
        if not isinstance(module, _BatchNorm) or not module.track_running_stats or key(name, "running_mean") in tensors:
            continue
        if type(module) in {nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d}:
            model.set_submodule(name, nn.Identity())
            continue
        assert module.running_mean is not None
        zeros = torch.zeros_like(module.running_mean)
        module.register_buffer("running_mean", zeros, persistent=False)
        module.register_buffer("running_var", zeros + 1, persistent=False)
        module.register_parameter("weight", None)
        module.register_parameter("bias", None)
        module.eps = 0.0


def _make_bias(module: nn.Module, bias: Tensor | None) -> None:
    if bias is not None and module.bias is None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        module.register_parameter("bias", nn.Parameter(torch.empty_like(bias, device=weight.device)))
