"""The members of a shard on the device that evaluates them."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from lesion.compress.restore import restored
from lesion.data.split import Split
from lesion.train.device import place


def networks(
    checkpoint: Path, *, model: dict[str, Any], compression: dict[str, Any], split: Split, device: torch.device
) -> dict[int, nn.Module]:
    """Number of a member -> its network in evaluation mode. All are held at once, so that images are read once."""
    return {
        member: place(network, device, channels=split.channels)
        for member, network in restored(checkpoint, model=model, compression=compression, split=split)
    }
