"""The contract of regularisers: they add a penalty to the loss, and may learn what to prune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from torch.optim import Optimizer

    from lesion.compress.learned import Learned


class Regulariser(Protocol):
    """A penalty on the weights of one network. All that it keeps between steps is in the network's state."""

    @property
    def learned(self) -> Sequence[Learned]:
        """Parameters that the regulariser adds to the network."""

    def penalty(self, step: int) -> Tensor | None:
        """Term to add to the mean loss of a batch, a scalar in nats; None for no term."""

    def remove(self) -> None:
        """Take everything that was added off the network."""


class MaskLearner(Regulariser, Protocol):
    """A regulariser that learns what to prune."""

    def masks(self) -> dict[str, Tensor]:
        """Masks to apply after training: bool in the shape of each weight, True where kept, by weight name."""


@runtime_checkable
class ProximalLearner(MaskLearner, Protocol):
    """A mask learner that moves some of the parameters itself (`compress/proximal.py`)."""

    def step(self, optimiser: Optimizer) -> None:
        """Called before each step of the optimiser, with all gradients. The optimiser skips parameters without one."""
