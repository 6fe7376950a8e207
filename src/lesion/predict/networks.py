"""The members of a shard as networks that can be run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_members
from lesion.compress.encoding import decode
from lesion.data.split import Split
from lesion.models.build import build, load_weights
from lesion.train.device import place


def restorer(
    model: dict[str, Any], variant: dict[str, Any], split: Split, device: torch.device
) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """A function from a member's tensors to its network in evaluation mode, which is valid until the next call."""
    network = build(model, split).eval()
    method = plugins.load("method", variant["method"])
    if method.KIND == "derived":
        options = plugins.options("method", variant, where="variant", key="method")
        restored: Callable[[Mapping[str, Tensor]], nn.Module] = method.restorer(
            network, options, split.normalise(split.images[:1])
        )
        return lambda tensors: restored(tensors).to(device)

    def load(tensors: Mapping[str, Tensor]) -> nn.Module:
        load_weights(network, tensors)
        return place(network, device)

    return load


def networks(
    study: str,
    variant_id: str,
    shard: str,
    *,
    model: dict[str, Any],
    variant: dict[str, Any],
    split: Split,
    device: torch.device,
) -> Iterator[tuple[int, nn.Module]]:
    """Each member's number and network, one at a time."""
    restore = restorer(model, variant, split, device)
    for member, tensors in read_members(paths.checkpoint(study, variant_id, shard)):
        yield member, restore(decode(tensors))
