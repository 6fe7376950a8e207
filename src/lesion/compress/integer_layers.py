"""Runs a model with int8 convolutions and linear layers, from the tensors that pt2e.py stores.

A quantised layer `<layer>` is stored as

| key | dtype, shape | meaning |
| --- | --- | --- |
| `<layer>.weight` | int8, the weight's shape | q in [−127, 127]; the weight is q · weight_scale of its output channel |
| `<layer>.weight_scale` | float32, (output channels,) | |
| `<layer>.bias` | float32, (output channels,) | missing if there is none; a folded batch norm creates one |
| `<layer>.input_scale` | float32, () | static only |
| `<layer>.input_zero_point` | int8, () | static only: the integer for 0.0 |

All other parameters and buffers that the forward pass reads are stored unchanged, for example a batch norm that follows
no convolution.

The arithmetic is that of pt2e's quantise-dequantise graph: integers are exact, and the layer computes in float32 with
(q − zero point) · scale. It runs on any device with torch alone. An integer kernel differs by float32 rounding. Float
weights are computed once, when a member is restored.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
"""The modules that are quantised, including subclasses with the same forward pass."""

INPUT_MIN, INPUT_MAX = -128, 127

EPSILON = torch.finfo(torch.float32).eps
"""Smallest scale, as in torch's observers; an image of zeros gets it."""

Inputs = tuple[Tensor, ...]
"""The positional arguments of a layer, its input first."""


def key(module: str, name: str) -> str:
    """The state-dict key of tensor `name` of `module` ("" for the model itself)."""
    return f"{module}.{name}" if module else name


def on_grid(x: Tensor, scale: Tensor | float, zero_point: Tensor | float) -> Tensor:
    """Quantise `x` to int8 and dequantise it: float32, any shape; `scale` and `zero_point` broadcast against it.

    (clamp(round(x / scale) + zero_point, −128, 127) − zero_point) · scale (Jacob et al. 2018, eq. 1). The zero point is
    subtracted from the bounds instead, which is the same, since integers below 2²⁴ are exact in float32. Rounds halves
    to even and multiplies by the reciprocal, as torch does.
    """
    steps = (x * (1.0 / scale)).round_()
    return steps.clamp_min_(INPUT_MIN - zero_point).clamp_max_(INPUT_MAX - zero_point).mul_(scale)


class FixedGrid:
    """Static quantisation of a layer's input. Calibration found the scale and zero point of each member."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.zero_point = 0

    def __call__(self, _: nn.Module, inputs: Inputs) -> Inputs:
        """Forward pre-hook."""
        return (on_grid(inputs[0], self.scale, self.zero_point), *inputs[1:])


def grid_of_each_image(_: nn.Module, inputs: Inputs) -> Inputs:
    """Forward pre-hook for dynamic quantisation of a layer's input (n, ...): each image has its scale and zero point.

    The range is that of the image, extended to include zero, as in TFLite's hybrid kernels (asymmetric quantisation of
    each batch row) and in torchao's `choose_qparams_affine` with blocks of one image.
    """
    x = inputs[0]
    dims = tuple(range(1, x.dim()))
    low = x.amin(dim=dims, keepdim=True).clamp_(max=0.0)
    high = x.amax(dim=dims, keepdim=True).clamp_(min=0.0)
    scale = ((high - low) / (INPUT_MAX - INPUT_MIN)).clamp_(min=EPSILON)
    zero_point = (INPUT_MIN - (low / scale).round_()).clamp_(INPUT_MIN, INPUT_MAX)
    return (on_grid(x, scale, zero_point), *inputs[1:])


def restorer(model: nn.Module, *, static: bool) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors of a member -> `model` with them, in eval mode, valid until the next call.

    The first call changes `model`: folded batch norms become identities, layers get the biases that folding created,
    and layers quantise their inputs. Tensors of another model raise KeyError, or RuntimeError for a shape.
    """
    grids: dict[str, FixedGrid] = {}

    @torch.no_grad()
    def restore(tensors: Mapping[str, Tensor]) -> nn.Module:
        layers = _quantised_layers(tensors)
        if not grids:
            _fold_batch_norms(model, tensors)
            for layer in layers:
                grids[layer] = FixedGrid()
                module = model.get_submodule(layer)
                module.register_forward_pre_hook(grids[layer] if static else grid_of_each_image)
                _make_bias(module, tensors.get(key(layer, "bias")))
        own = model.state_dict()
        for layer in layers:
            weight, scale = tensors[key(layer, "weight")], tensors[key(layer, "weight_scale")]
            own.pop(key(layer, "weight")).copy_(weight.float() * scale.view(-1, *[1] * (weight.dim() - 1)))
            if static:
                grids[layer].scale = float(tensors[key(layer, "input_scale")])
                grids[layer].zero_point = int(tensors[key(layer, "input_zero_point")])
        for name, value in own.items():
            if not name.endswith("num_batches_tracked"):  # read in training only, and not stored
                value.copy_(tensors[name])
        return model

    model.eval()
    return restore


def _quantised_layers(tensors: Mapping[str, Tensor]) -> list[str]:
    scales = (name for name in tensors if name.rpartition(".")[2] == "weight_scale")
    return [name.rpartition(".")[0] for name in scales]


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
