"""The settings that allocations share: the budget, and what a search tries."""

from typing import Literal

from pydantic import Field

from lesion.params.settings import Settings

Budget = Literal["weights", "multiply-adds", "latency"]
"""What a network may spend: weights, multiply-adds for one image, or microseconds for one, measured here."""


class Budgeted(Settings):
    """`budget`: the sparsity is the share that is saved of this cost of the whole network.

    The allocation then runs at the lowest level that saves it. Null: the sparsity itself is the level.
    """

    budget: Budget | None = None


class Searching(Settings):
    """`budget`: the sparsity is the share that is saved of this cost. `trials`: how often the network is measured.

    `images`: number of held-out images that a trial measures; `least`: the share of its groups that each tensor keeps
    at least; `reward`: the accuracy, or −error · log(cost) (AMC, eq. 6, for any cost); `batch_norms`: number of images
    on which each trial measures the statistics of batch norms again, null to leave them.
    """

    budget: Budget = "multiply-adds"
    trials: int = Field(ge=1)
    images: int = Field(ge=1)
    least: float = Field(default=0.2, gt=0, le=1)
    reward: Literal["accuracy", "error-cost"] = "accuracy"
    batch_norms: int | None = Field(default=None, ge=2)
