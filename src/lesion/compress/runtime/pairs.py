"""Convolutions that a batch norm of their own follows, in the order in which they run, and who reads their channels."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.per_image import Reader
from lesion.compress.units import find_units
from lesion.errors import InputError


@dataclass(frozen=True)
class Pair:
    """A convolution and its batch norm.

    Attributes
    ----------
    convolution, norm : their names in the network
    readers : what reads channels of this pair alone, and gets zeros where the norm gives zeros
    """

    convolution: str
    norm: str
    readers: tuple[Reader, ...]


def in_order(model: nn.Module, inputs: Tensor, kinds: tuple[type[nn.Module], ...]) -> list[str]:
    """Names of the layers of these classes, subclasses left out, in the order in which they first run."""
    seen: dict[str, None] = {}
    handles = [
        layer.register_forward_pre_hook(lambda _, __, name=name: seen.setdefault(name))
        for name, layer in model.named_modules()
        if type(layer) in kinds
    ]
    _run(model, inputs)
    for handle in handles:
        handle.remove()
    return [*seen]


def find_pairs(model: nn.Module, inputs: Tensor, *, method: str, smallest: int = 1) -> list[Pair]:
    """The pairs of a network, in the order in which they run.

    Left out are convolutions with groups, those of fewer than `smallest` channels, and those whose output something
    reads beside the norm, as a shortcut does. `inputs`: (n, c, h, w), one image is enough.

    Raises
    ------
    InputError
        Names the `method`, where there is no such pair.
    """
    if inputs.dim() != 4:
        raise InputError(f"{method}: takes networks for images")
    names = {module: name for name, module in model.named_modules()}
    units = find_units(model, inputs)
    pairs = []
    for name in in_order(model, inputs, (nn.Conv2d,)):
        layer: Any = model.get_submodule(name)
        norm = units[f"{name}.weight"].norm
        if type(norm) is not nn.BatchNorm2d or layer.groups > 1 or layer.out_channels < smallest:
            continue
        if _alone(model, inputs, layer, norm):
            pairs.append((name, names[norm]))
    if not pairs:
        raise InputError(
            f"{method}: no convolution of this network has a batch norm of its own and {smallest} channels or more"
        )
    sets = find_channels(model, inputs)
    return [Pair(name, norm, _readers(model, inputs, sets, name, norm)) for name, norm in pairs]


def _alone(model: nn.Module, inputs: Tensor, convolution: nn.Module, norm: nn.Module) -> bool:
    """Whether nothing but the norm reads a convolution: not a number in its place changes no other tensor."""
    normed: list[Tensor] = []
    hooks = [norm.register_forward_hook(lambda _, __, output: normed.append(output.clone()))]
    _run(model, inputs)
    hooks[0].remove()
    hooks = [
        convolution.register_forward_hook(lambda _, __, output: torch.full_like(output, torch.nan)),
        norm.register_forward_hook(lambda _, __, ___: normed[0].clone()),
    ]
    output = _run(model, inputs)
    for hook in hooks:
        hook.remove()
    return not bool(output.isnan().any())


def _readers(
    model: nn.Module, inputs: Tensor, sets: Sequence[ChannelSet], convolution: str, norm: str
) -> tuple[Reader, ...]:
    weight = f"{convolution}.weight"
    own = [one for one in sets if not one.fixed and [writer.name for writer in one.writers] == [weight]]
    layers = dict(model.named_modules())
    found = [
        Reader(reader.name, one.writers[0].index.squeeze(1), reader.index)
        for one in own
        for reader in one.readers
        if type(layers.get(reader.name.removesuffix(".weight"))) in (nn.Conv2d, nn.Linear)
    ]
    zero = _zero_columns(model, inputs, norm, {reader.weight for reader in found})
    return tuple(reader for reader in found if bool(zero[reader.weight][reader.columns].all()))


def _zero_columns(model: nn.Module, inputs: Tensor, norm: str, weights: set[str]) -> dict[str, Tensor]:
    """The columns of weights that read zeros if the output of `norm` is zero: bool (columns,) by weight name.

    There are none of convolutions with groups. An activation may turn zeros into others, as the sigmoid does.
    """
    zero: dict[str, Tensor] = {}

    def look(weight: str, x: Tensor) -> None:
        along = (x == 0).movedim(1 if x.dim() == 4 else -1, 0)  # channels of images, else features
        found = along.flatten(1).all(dim=1)
        zero[weight] = found.cpu() & zero.get(weight, torch.ones_like(found.cpu()))

    with ExitStack() as stack:
        hooks = [model.get_submodule(norm).register_forward_hook(lambda _, __, output: torch.zeros_like(output))]
        for weight in weights:
            layer: Any = model.get_submodule(weight.removesuffix(".weight"))
            if getattr(layer, "groups", 1) == 1:
                hooks.append(layer.register_forward_pre_hook(lambda _, x, weight=weight: look(weight, x[0])))
        for hook in hooks:
            stack.callback(hook.remove)
        _run(model, inputs)
    none = {weight: torch.zeros(model.get_parameter(weight).shape[1], dtype=torch.bool) for weight in weights}
    return none | zero


def _run(model: nn.Module, inputs: Tensor) -> Tensor:
    was = model.training
    try:
        with torch.no_grad():
            output: Tensor = model.eval()(inputs)
            return output
    finally:
        model.train(was)
