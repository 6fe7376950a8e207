"""Trainings in which weights come back, looked at before and after each of their steps."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesion.compress.masks import prunable
from tests.training import Watched, effective, masks, method_of, pruned, train

TIMES = {"every": 0.125, "end": 0.9}
SET = {"name": "exchange", "drop": "magnitude", "grow": "stand-in", "fraction": 0.3, "decay": "constant"} | TIMES
SURGERY = {"name": "surgery", "lead": 1.05, "every": 0.125, "end": 0.9}
UPDATES = range(3, 22, 3)  # every eighth of 24 steps until nine tenths of them


def regrow(made: Any, kept: Tensor, saliency: Tensor, growth: Tensor, *, step: int = 1) -> tuple[Tensor, Tensor]:
    """What a regrowth makes of one tensor: (rows, groups) each."""
    after, fresh = made.regrow({"a": kept}, step, lambda part: {"a": growth if part == "stand-in" else saliency})
    return after["a"], fresh["a"]


def wave(weight: Tensor) -> Tensor:
    """How the score `stand-in` (conftest.py) ranks weights."""
    return torch.sin(1000 * weight)


class State:
    """A training before and after `before_step`: masks, weights under them, as the network sees them, and momenta."""

    def __init__(self, model: nn.Module, optimiser: Optimizer) -> None:
        self.masks, self.effective = masks(model), effective(model)
        self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.weights, self.momenta = {}, {}
        for name, layer, attribute in prunable(model):
            original = layer.get_parameter(f"parametrizations.{attribute}.original")
            self.weights[name] = original.detach().clone()
            momentum = optimiser.state[original].get("momentum_buffer") if original in optimiser.state else None
            self.momenta[name] = torch.zeros_like(original) if momentum is None else momentum.clone()


def watch(model: nn.Module, **axes: Any) -> tuple[list[State], list[State]]:
    """Train; the states before and after `before_step` of each step."""
    before: list[State] = []
    after: list[State] = []
    method = Watched(
        method_of(model, pruned(**axes)),
        before=lambda _, optimiser: before.append(State(model, optimiser)),
        after=lambda _, optimiser: after.append(State(model, optimiser)),
    )
    train(model, method)
    return before, after
