"""The contract between the training loop and a method that acts while a network trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from torch.optim import Optimizer

    from lesion.compress.learned import Learned


class Training(Protocol):
    """What a trained method does around the optimiser's steps. All that it keeps between steps is in the model's state.

    Attributes
    ----------
    trainings : how many times the recipe runs, one after the other
    """

    trainings: int

    @property
    def learned(self) -> Sequence[Learned]:
        """Parameters that the method adds to the network."""

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Called before each step, counted from 0 over all trainings."""

    def penalty(self, step: int) -> Tensor | None:
        """Term to add to the loss of a step, a scalar in nats; None for no term."""

    def finish(self) -> None:
        """Called after the last step. Leaves a network without masks or other additions."""


class Passive:
    """A `Training` that does nothing around the steps of one training. Methods override what they do."""

    trainings = 1
    learned: Sequence[Learned] = ()

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Do nothing."""

    def penalty(self, step: int) -> Tensor | None:  # noqa: ARG002
        """No penalty."""
        return None

    def finish(self) -> None:
        """Do nothing."""


@runtime_checkable
class AddsToLoss(Protocol):
    """A `Training` that adds a term to the loss of each micro-batch, which depends on its forward pass."""

    def batch_loss(self, logits: Tensor, label: Tensor) -> Tensor:
        """Term to add, a scalar in nats, after the forward pass: logits float32 (n, classes), label int64 (n,)."""
