"""Parameters that a method adds to a network, beside the weights."""

from typing import NamedTuple

from torch import nn


class Learned(NamedTuple):
    """A parameter that trains without weight decay and at `rate` times the learning rate."""

    parameter: nn.Parameter
    rate: float
