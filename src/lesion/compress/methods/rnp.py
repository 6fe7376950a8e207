"""Run-time neural pruning: an agent picks how many groups of channels a layer computes for an image (Lin et al. 2017).

See `compress/runtime/agent.py` for the agent. Differences to the paper: network and agent train together in one run of
the recipe, where the paper takes turns; ε stays 1 until `learns`, while the network learns to work with any number of
groups, where the paper starts from a trained network; the agent trains by the recipe's optimiser, at `rate` times the
learning rate of the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from lesion.compress import plain
from lesion.compress.training import Passive
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lesion.compress.probe import Sampler
    from lesion.compress.runtime.agent import Agent, GroupedConvolution

KIND = "trained"
FLOAT_MEMBERS = False


class Options(Settings):
    """The agent, and what it is paid for.

    `groups`: k; layers of fewer channels are computed whole; `penalty` of each group beside the first, in nats;
    `weight`: α, of the loss of an image in its reward; `discount` of Q-learning; `hidden`: size of the agent's state;
    `rate`: the agent's learning rate over that of the network; `learns`, `learned`: shares of the training between
    which ε falls from 1 to `exploration`, linearly.
    """

    groups: int = Field(ge=2)
    penalty: float = Field(ge=0)
    weight: float = Field(default=1.0, gt=0)
    discount: float = Field(default=1.0, ge=0, le=1)
    hidden: int = Field(default=32, ge=1)
    rate: float = Field(default=0.05, gt=0)
    learns: float = Field(default=0.5, ge=0, le=1)
    learned: float = Field(default=0.75, ge=0, le=1)
    exploration: float = Field(default=0.1, ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.learned < self.learns:
            raise ValueError("ε falls between learns and learned: learned ≥ learns is expected")
        return self


def exploration_at(options: Options, step: int, *, steps: int) -> float:
    """ε at a step, from 0."""
    done = step / steps
    if done >= options.learned:
        return options.exploration
    return 1 - (1 - options.exploration) * max(0.0, (done - options.learns) / (options.learned - options.learns))


def _grouped(model: nn.Module, options: Options, image: Tensor) -> tuple[Agent, list[GroupedConvolution]]:
    from lesion.compress.runtime.agent import group
    from lesion.compress.runtime.pairs import find_pairs

    pairs = find_pairs(model, image, method="rnp", smallest=options.groups)
    return group(model, pairs, hidden=options.hidden, groups=options.groups)


def restorer(model: nn.Module, options: Options, example: Tensor) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` with an agent and these weights, valid until the next call.

    Raises
    ------
    InputError
        Where no convolution has a batch norm of its own and enough channels, or, of the function, the tensors are of
        another network.
    """
    _grouped(model, options, example)
    return plain.restorer(model, options, example)


class Training(Passive):
    """Trains an agent with the network. The arguments are those of `prune.Training`."""

    def __init__(
        self,
        model: nn.Module,
        options: Options,
        *,
        steps: int,
        sample: Sampler,
        examples: int,  # noqa: ARG002
        seed: int,
    ) -> None:
        from lesion.compress.learned import Learned
        from lesion.compress.runtime.seeded import drawing

        image, _ = next(iter(sample(1, seed)))
        with drawing(seed, "agent"):
            self._agent, self._layers = _grouped(model, options, image)
        self._options, self._steps = options, steps
        self.learned = [Learned(parameter, options.rate) for parameter in self._agent.parameters()]

    def before_step(self, step: int, optimiser: Optimizer) -> None:  # noqa: ARG002
        """Set ε."""
        self._agent.exploration = exploration_at(self._options, step, steps=self._steps)

    def batch_loss(self, logits: Tensor, label: Tensor) -> Tensor:
        """The agent's loss; no gradient of it reaches the network's own weights."""
        from torch.nn import functional

        loss = functional.cross_entropy(logits.detach(), label, reduction="none")
        options = self._options
        return self._agent.loss(loss, penalty=options.penalty, weight=options.weight, discount=options.discount)

    def finish(self) -> None:
        """Leave the agent in the network."""
        for layer in self._layers:
            layer.forget()
