"""The scales γ of batch norms between exactly two layers, and what the channels that they scale cost."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.compress.channels.sets import ChannelSet, Slice
from lesion.compress.masks import Units

STEEP = 1024.0  # a factor by which a network is rescaled to see whether it stays the same


@dataclass(frozen=True)
class Scales:
    """The scales of one batch norm.

    Attributes
    ----------
    writer : name of the weight whose output channels it normalises
    norm : the batch norm
    readers : where the weights that read the channels have them
    """

    writer: str
    norm: nn.Module
    readers: tuple[Slice, ...]

    @property
    def gamma(self) -> nn.Parameter:
        """The scales themselves, (units,)."""
        return self.norm.get_parameter("weight")


def memory(scales: Scales, weights: Mapping[str, Tensor], outputs: int, inputs: int) -> float:
    """Numbers that a channel costs, in images of the input: the paper's λ (eq. 2).

    Its own weights, those that read it, and its `outputs` positions, divided by the `inputs` positions of an image.
    """
    own = weights[scales.writer][0].numel()
    read = sum(
        slice_.index.shape[1] * weights[slice_.name].numel() / weights[slice_.name].shape[slice_.dim]
        for slice_ in scales.readers
    )
    return (own + read + outputs) / inputs


def find_scales(sets: list[ChannelSet], units: Mapping[str, Units], model: nn.Module) -> list[Scales]:
    """The batch norms that all channels of one layer go through on their way to the layers that read them."""
    names = {module: name for name, module in model.named_modules()}
    found = []
    for channels in sets:
        if channels.fixed or len(channels.writers) != 1:
            continue
        writer = channels.writers[0].name
        norm = units[writer].norm if writer in units else None
        if norm is None or channels.size != model.get_parameter(writer).shape[0]:
            continue
        own = {f"{names[norm]}.{name}" for name in norm.state_dict()} | {writer.removesuffix("weight") + "bias"}
        if {follower.name for follower in channels.followers} <= own:
            found.append(Scales(writer, norm, channels.readers))
    return found


def rescale(scales: Scales, weights: Mapping[str, Tensor], factor: float) -> None:
    """Multiply γ and β by `factor` and divide the weights that read the channels by it, in place."""
    for name in ("weight", "bias"):
        scales.norm.get_parameter(name).detach().mul_(factor)
    for slice_ in scales.readers:
        weight = weights[slice_.name]
        columns = torch.ones(weight.shape[slice_.dim], dtype=weight.dtype, device=weight.device)
        columns[slice_.index.flatten()] = 1 / factor
        weight.mul_(columns.view([-1 if dim == slice_.dim else 1 for dim in range(weight.dim())]))


def same_after_rescaling(model: nn.Module, inputs: Tensor, found: list[Scales]) -> bool:
    """True if a network computes the same after `rescale`: only rectifiers and pooling come between."""
    exact = copy.deepcopy(model).double().eval()
    names = {module: name for name, module in model.named_modules()}
    with torch.no_grad():
        before = exact(inputs.double())
        for scales in found:
            weights = {slice_.name: exact.get_parameter(slice_.name).detach() for slice_ in scales.readers}
            rescale(Scales(scales.writer, exact.get_submodule(names[scales.norm]), scales.readers), weights, STEEP)
        return torch.allclose(exact(inputs.double()), before, rtol=1e-6)


def positions(model: nn.Module, inputs: Tensor, norms: list[nn.Module]) -> list[int]:
    """Positions of a channel in the output of each norm."""
    found: dict[nn.Module, int] = {}
    handles = [
        norm.register_forward_hook(lambda norm, _, output: found.update({norm: output.shape[2:].numel()}))
        for norm in norms
    ]
    with torch.no_grad():
        model.eval()(inputs)
    for handle in handles:
        handle.remove()
    return [found[norm] for norm in norms]
