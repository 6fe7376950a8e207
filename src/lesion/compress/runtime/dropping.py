"""Weights that are absent at random while a network trains."""

from torch import Tensor, nn
from torch.nn import functional


class Dropped(nn.Module):
    """The parametrisation that drops each weight with probability `share`, anew in each forward pass of training."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, weight: Tensor) -> Tensor:
        """Any shape, same shape back."""
        return functional.dropout(weight, self.share, self.training)
