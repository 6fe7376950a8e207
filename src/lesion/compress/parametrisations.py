"""What stands before a weight or bias while it is masked (torch's parametrisations), and a network without any."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class Masked(nn.Module):
    """The parametrisation `weight · mask`: masked weights are zero in the forward pass and get no gradient.

    Their values are kept, so that a later mask can bring them back. With `straight_through` masked weights get the
    gradient at zero.
    """

    mask: Tensor

    def __init__(self, weight: Tensor, *, straight_through: bool = False) -> None:
        super().__init__()
        self.straight_through = straight_through
        self.register_buffer("mask", torch.ones_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        """Any shape, same shape back."""
        masked = weight * self.mask
        return weight + (masked - weight).detach() if self.straight_through else masked


class Replaced(Masked):
    """The parametrisation of biases that gives pruned units a constant, 0 at first, instead of their bias."""

    constant: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__(weight)
        self.register_buffer("constant", torch.zeros_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        """(units,) in and out."""
        return weight * self.mask + self.constant * (1 - self.mask)


def without_masks(model: nn.Module) -> nn.Module:
    """A copy of a network whose tensors have their masks, and whatever else stands before them, written into them.

    The original shares its parametrised classes with a copy, so that torch cannot remove parametrisations of the copy.
    """
    plain = copy.deepcopy(model)
    for module in list(plain.modules()):
        if parametrize.is_parametrized(module):
            kind = parametrize.type_before_parametrizations(module)
            tensors = {name: getattr(module, name).detach() for name in module.parametrizations}  # type: ignore[union-attr]
            del module.parametrizations
            module.__class__ = kind
            for name, tensor in tensors.items():
                module.register_parameter(name, nn.Parameter(tensor))
    return plain
