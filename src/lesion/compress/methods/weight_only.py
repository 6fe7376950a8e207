"""weight-only: weights stored in few bits, activations in float.

Weights of convolutions, linear layers and attention's projections are rounded to int2, int3, int4, int8 or float8, with
a scale for each output channel or for groups of its weights, by torchao (`weight_formats.py`). Biases, norms and
embeddings stay as they are. The network computes in float32 with the weights that the codes stand for: there is no
integer kernel, so the answers are those of the format, while time and working memory are those of the parent.

Rounding is to the nearest, or GPTQ's (`gptq.py`), whose compensation is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from lesion.errors import InputError
from lesion.params.derived import ByLayer, kept_layers
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration
    from lesion.compress.quantised_weights import Scheme

KIND = "derived"
FLOAT_MEMBERS = False


class Storage(Settings):
    """How a weight is stored.

    `group`: consecutive weights of an output channel, over its flattened inputs, that share a scale; null for one scale
    a channel. A channel with fewer weights has one scale. `symmetric`: zero points are 0; false for integers that are
    spread from the least to the greatest weight of a group.
    """

    format: Literal["int2", "int3", "int4", "int8", "float8-e4m3", "float8-e5m2"]
    group: int | None = Field(default=None, ge=1)
    symmetric: bool = True

    @model_validator(mode="after")
    def _floats_are_symmetric(self) -> Self:
        if self.format.startswith("float8") and not self.symmetric:
            raise ValueError("symmetric: a float8 has no zero point")
        return self


class LayerStorage(Storage):
    """How the weights of some layers are stored. `match`: their name or a pattern, as in `keep`."""

    match: str = Field(min_length=1)


class Compensation(Settings):
    """GPTQ's settings: calibration images, and what to add to the Hessian's diagonal as a share of its mean."""

    images: int = Field(ge=1)
    damping: float = Field(gt=0)


class Options(ByLayer, Storage):
    """What it is made of, how weights are stored, and how they are rounded.

    `layers`: layers that are stored otherwise; the first match counts. `gptq`: null for rounding to the nearest.
    """

    layers: list[LayerStorage] = Field(default_factory=list)
    gptq: Compensation | None = None


def compressor(
    model: nn.Module, options: Options, calibration: Calibration
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> the tensors to store.

    Quantised weights are stored as `quantised_weights.stored` says, all else by its own name. GPTQ's Hessians are those
    of the float member; a weight whose inputs cannot be seen (`moments_of_inputs`) is rounded to the nearest.
    model: in eval mode.

    Raises
    ------
    InputError
        If a pattern matches no layer, a weight is shared by layers or computed from others, or there are too few
        images. The function raises it if a weight is not finite.
    """
    from lesion.compress.gptq import gptq, hessians
    from lesion.compress.quantised_weights import nearest, stored
    from lesion.models.build import load_weights

    schemes = _schemes(model, options)
    images = None if options.gptq is None else calibration.images(options.gptq.images)

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items() if name not in schemes}
        left = {name: state[name].detach().cpu().float() for name in schemes}
        if options.gptq is not None and images is not None:
            load_weights(model, state)
            for name, hessian in hessians(model, left, images, damping=options.gptq.damping):
                weight, scheme = left.pop(name), schemes[name]
                tensors |= stored(name, gptq(weight.flatten(1), hessian, scheme), scheme, weight.shape)
        for name, weight in left.items():
            tensors |= stored(name, nearest(weight.flatten(1), schemes[name]), schemes[name], weight.shape)
        return {name: tensors[name] for name in sorted(tensors)}

    return compress


def restorer(
    model: nn.Module,
    options: Options,
    example: Tensor,  # noqa: ARG001
) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` with the float32 weights that they stand for, in eval mode.

    The network is valid until the next call. The function raises InputError where a tensor is missing, unexpected or of
    another shape.
    """
    from lesion.compress.quantised_weights import names_of, read
    from lesion.models.build import load_weights

    model.eval()
    schemes = _schemes(model, options)

    def restore(tensors: Mapping[str, Tensor]) -> nn.Module:
        shapes = {name: model.get_parameter(name).shape for name in schemes}
        weights = {name: read(name, tensors, scheme, shapes[name]) for name, scheme in schemes.items()}
        parts = {part for name, scheme in schemes.items() for part in names_of(name, scheme)}
        load_weights(model, weights | {name: tensor for name, tensor in tensors.items() if name not in parts})
        return model

    return restore


def _schemes(model: nn.Module, options: Options) -> dict[str, Scheme]:
    """How each weight that is quantised is stored, by its name, in the order of the network."""
    from collections import Counter

    from lesion.compress.masks import prunable
    from lesion.compress.quantised_weights import Scheme
    from lesion.compress.weight_formats import weight_format

    owners = Counter(id(parameter) for module in model.modules() for parameter in module.parameters(recurse=False))
    state = model.state_dict(keep_vars=True)
    layers = {name: name.rpartition(".")[0] for name, _, _ in prunable(model)}
    storage = _storage(options, [*layers.values()])
    schemes = {}
    for name, layer in layers.items():
        if layer not in storage:
            continue
        if name not in state:
            raise InputError(
                f"weight-only: the weight {name} is computed from others; keep: {layer} leaves it in float"
            )
        if owners[id(state[name])] > 1:
            raise InputError(f"weight-only: several layers share the weight {name}; keep: {layer} leaves it in float")
        kind = weight_format(storage[layer].format, symmetric=storage[layer].symmetric)
        schemes[name] = Scheme(kind, storage[layer].group)
    return schemes


def _storage(options: Options, layers: list[str]) -> dict[str, Storage]:
    """How each layer is stored; those that stay in float are missing."""
    found: dict[str, Storage] = {}
    for entry in options.layers:
        for layer in kept_layers([entry.match], layers, key="layers"):
            found.setdefault(layer, entry)
    kept = kept_layers(options.keep, layers)
    return {layer: found.get(layer, options) for layer in layers if layer not in kept}
