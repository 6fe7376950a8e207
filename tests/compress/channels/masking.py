"""Random networks with channels that are masked at random."""

import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels


def mask_channels(network: nn.Module, example: Tensor, draw: torch.Generator, *, constants: bool = False) -> None:
    """Mask about half of the channels of each set in place: rows, filters, norms and biases are zero.

    constants : give masked biases random values instead
    """
    state = dict(network.state_dict())
    for channels in find_channels(network, example):
        gone = torch.rand(channels.size, generator=draw) < 0.5
        for part in channels.writers + channels.followers if not channels.fixed else ():
            places = part.index[gone].flatten()
            if constants and part.name.endswith("bias"):
                values = torch.rand(len(places), generator=draw) - 0.5
                state[part.name][places] = values.to(state[part.name].dtype)
            elif "running" not in part.name:
                state[part.name].index_fill_(part.dim, places, 0.0)
