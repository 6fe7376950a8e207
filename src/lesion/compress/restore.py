"""The stored members of a shard as networks that can be run, whatever method stored them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.artifacts.checkpoints import read_members
from lesion.compress.contracts import StoredMethod
from lesion.compress.encoding import decode
from lesion.compress.stored_shapes import take_shapes
from lesion.data.split import Split
from lesion.models.build import build


def restored(
    checkpoint: Path, *, model: dict[str, Any], compression: dict[str, Any], split: Split
) -> Iterator[tuple[int, nn.Module]]:
    """Each member's number and its network, in evaluation mode on the CPU, a new one each time.

    `compression`: what params.yaml says of the variant; its method knows how members are stored.
    """
    for member, stored in read_members(checkpoint):
        yield member, restore(decode(stored), model=model, compression=compression, split=split)


def restore(
    tensors: Mapping[str, Tensor], *, model: dict[str, Any], compression: dict[str, Any], split: Split
) -> nn.Module:
    """The network of one member, in evaluation mode on the CPU, a new one, from the tensors that are stored of it."""
    method: StoredMethod = plugins.load("method", compression["method"])
    options = plugins.options("method", compression, where="variant", key="method")
    example = split.normalise(torch.from_numpy(split.images.read(np.arange(min(1, len(split.label))))))
    network = build(model, split).eval()
    own = take_shapes(network, tensors)
    return method.restorer(network, options, example)(own)
