"""The members of a shard as networks that can be run."""

from typing import Any

import numpy as np
import torch
from torch import nn

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_members
from lesion.compress.encoding import decode
from lesion.data.split import Split
from lesion.models.build import build, load_weights
from lesion.train.device import place


def networks(
    study: str,
    variant_id: str,
    shard: str,
    *,
    model: dict[str, Any],
    variant: dict[str, Any],
    split: Split,
    device: torch.device,
) -> dict[int, nn.Module]:
    """Each member's network by its number, in evaluation mode on the device: all at once, so images are read once."""
    method = plugins.load("method", variant["method"])
    options = plugins.options("method", variant, where="variant", key="method")
    _, channels = split.images.shape
    example = split.normalise(torch.from_numpy(split.images.read(np.arange(1))))
    found: dict[int, nn.Module] = {}
    for member, stored in read_members(paths.checkpoint(study, variant_id, shard)):
        network = build(model, split).eval()
        if method.KIND == "derived":
            network = method.restorer(network, options, example)(decode(stored))
        else:
            load_weights(network, decode(stored))
        found[member] = place(network, device, channels=channels)
    return found
