"""Networks with fewer channels than they were built with."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lesion.compress.channels.branches import drop_missing_branches
from lesion.compress.channels.heads import recount_heads
from lesion.compress.channels.sets import ChannelSet
from lesion.models.build import load_weights


def shrink(model: nn.Module, keep: Iterable[tuple[ChannelSet, Tensor]]) -> None:
    """Take channels out of a network, in place.

    keep : sets, each with bool (n,), True for the channels that stay
    """
    tensors = dict(model.state_dict())
    gone: dict[tuple[str, int], list[Tensor]] = {}
    for channels, kept in keep:
        for part in channels.slices:
            gone.setdefault((part.name, part.dim), []).append(part.index[~kept].flatten())
    for (name, dim), places in gone.items():
        stays = torch.ones(tensors[name].shape[dim], dtype=torch.bool)
        stays[torch.cat(places)] = False
        tensors[name] = tensors[name].index_select(dim, stays.nonzero().flatten().to(tensors[name].device))
    resize(model, tensors)


def resize(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give the tensors of a network the shapes of stored ones, and load these.

    The branch of a residual block is taken out if none of its tensors is there.

    Raises
    ------
    InputError
        Where a tensor is missing, is not of this network, or has another number of dimensions.
    """
    drop_missing_branches(model, tensors.keys())
    reshape(model, {name: tensor.shape for name, tensor in tensors.items()})
    load_weights(model, tensors)


def reshape(model: nn.Module, shapes: Mapping[str, torch.Size]) -> None:
    """Give tensors of a network other shapes, with as many dimensions; their values are arbitrary.

    The counts that layers hold (channels, groups, features) follow. A bias that a layer lacks is added to it. Names
    that the network does not have are left aside, and so are shapes with another number of dimensions.
    """
    for path, layer in model.named_modules():
        prefix = f"{path}." if path else ""
        recount_heads(layer, shapes, prefix)
        own = {**dict(layer.named_parameters(recurse=False)), **dict(layer.named_buffers(recurse=False))}
        if getattr(layer, "bias", 0) is None and prefix + "bias" in shapes:
            layer.bias = nn.Parameter(next(iter(own.values())).new_zeros(shapes[prefix + "bias"]))
        for name, tensor in own.items():
            shape = shapes.get(prefix + name, tensor.shape)
            if shape == tensor.shape or len(shape) != tensor.dim():
                continue
            empty = _as_laid_out(tensor.detach(), tensor.new_empty(shape))
            setattr(layer, name, nn.Parameter(empty, tensor.requires_grad) if name in layer._parameters else empty)
        _recount(layer)


def _as_laid_out(like: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` in the memory format of `like`: channels-last weights stay so, which is faster."""
    last = torch.channels_last
    turned = like.dim() == 4 and like.is_contiguous(memory_format=last) and not like.is_contiguous()
    return tensor.contiguous(memory_format=last) if turned else tensor


def _recount(layer: nn.Module) -> None:
    """Set the counts that a layer holds by the shapes of its tensors."""
    if isinstance(layer, nn.modules.conv._ConvNd) and not layer.transposed:
        outputs, per_group = layer.weight.shape[:2]
        if layer.groups == layer.in_channels > 1:  # depthwise
            layer.groups = outputs // (layer.out_channels // layer.in_channels)
        layer.in_channels, layer.out_channels = per_group * layer.groups, outputs
    elif isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = layer.weight.shape
    elif isinstance(layer, _BatchNorm) and layer.running_mean is not None:
        layer.num_features = len(layer.running_mean)
    elif isinstance(layer, nn.GroupNorm) and layer.weight is not None:
        if layer.num_groups == layer.num_channels:
            layer.num_groups = len(layer.weight)
        layer.num_channels = len(layer.weight)
