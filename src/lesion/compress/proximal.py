"""Steps of proximal gradient, which give exact zeros under an L1 penalty. They replace the optimiser's own step."""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn
from torch.nn.functional import softshrink
from torch.optim import Optimizer

MOMENTUM = "momentum_buffer"  # the name under which a snapshot of a training saves it, too


class Step(Protocol):
    """Moves a parameter in place."""

    def __call__(
        self, parameter: Tensor, gradient: Tensor, *, rate: float, momentum: float, state: dict[str, Any]
    ) -> None:
        """`rate`: the learning rate; `momentum`: the recipe's; `state`: what the optimiser keeps of this parameter."""


def ista(parameter: Tensor, gradient: Tensor, *, rate: float, strength: float) -> None:
    """Iterative soft thresholding, without momentum (Ye et al., arXiv 1802.00124, algorithm 1).

    γ ← S(γ − η ∇), where S moves each entry by η · `strength` towards zero, and not beyond it.
    """
    parameter.copy_(softshrink(parameter - rate * gradient, rate * strength))


def apg_nag(
    parameter: Tensor, gradient: Tensor, *, rate: float, momentum: float, state: dict[str, Any], strength: float
) -> None:
    """Accelerated proximal gradient in the form of Nesterov's momentum (Huang & Wang, 1707.01213, eqs. 10-12).

    z = S(λ − η ∇), v ← z − λ + μ v, λ ← z + μ v, with S as in `ista`. As in the authors' code, λ never goes below
    zero.
    """
    moved = softshrink(parameter - rate * gradient, rate * strength)
    velocity = moved - parameter
    if MOMENTUM in state:
        velocity += momentum * state[MOMENTUM]
    state[MOMENTUM] = velocity
    parameter.copy_((moved + momentum * velocity).clamp_min_(0))


def take_steps(optimiser: Optimizer, steps: Mapping[nn.Parameter, Step]) -> None:
    """Move parameters that have a step of their own. They lose their gradients, so that the optimiser skips them."""
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            if parameter in steps and parameter.grad is not None:
                steps[parameter](
                    parameter.detach(), parameter.grad, rate=group["lr"], momentum=group["momentum"],
                    state=optimiser.state[parameter],
                )  # fmt: skip
                parameter.grad = None
