"""The stored members of a shard as networks that can be run, whatever method stored them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lesion import plugins
from lesion.artifacts.checkpoints import read_members
from lesion.compress.encoding import decode
from lesion.data.split import Split
from lesion.models.build import build


def restored(
    checkpoint: Path, *, model: dict[str, Any], compression: dict[str, Any], split: Split
) -> Iterator[tuple[int, nn.Module]]:
    """Each member's number and its network, in evaluation mode on the CPU, a new one each time.

    `compression`: what params.yaml says of the variant; its method knows how members are stored.
    """
    method = plugins.load("method", compression["method"])
    options = plugins.options("method", compression, where="variant", key="method")
    example = split.normalise(torch.from_numpy(split.images.read(np.arange(min(1, len(split.label))))))
    for member, stored in read_members(checkpoint):
        restore = method.restorer(build(model, split).eval(), options, example)
        yield member, restore(decode(stored))
