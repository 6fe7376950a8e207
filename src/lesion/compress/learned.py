"""Parameters that a method adds to a network."""

from typing import NamedTuple

from torch import nn


class Learned(NamedTuple):
    """A parameter beside the network's own: no weight decay, and `rate` times the learning rate."""

    parameter: nn.Parameter
    rate: float
