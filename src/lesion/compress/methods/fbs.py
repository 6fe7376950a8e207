"""Feature boosting and suppression: each image is computed with the channels that its gates keep (Gao et al. 2019).

The network trains from scratch with its gates, where the paper starts from a trained one. Members keep all weights and
the gates beside them, so nothing is smaller but the computation. See `compress/runtime/boosting.py` for the layers.
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
    from lesion.compress.runtime.boosting import GatedConvolution

KIND = "trained"
FLOAT_MEMBERS = False


class Options(Settings):
    """The share of channels that each image keeps, and how it is reached.

    `density`: d of the paper; a layer of C channels keeps ⌈dC⌉; `begin`, `end`: shares of the training between which
    the density falls from 1 to d, linearly; from the first step at d where both are 0; `strength` of the L1 penalty on
    the gates (1e-8 in the paper).
    """

    density: float = Field(gt=0, le=1)
    begin: float = Field(default=0.0, ge=0, le=1)
    end: float = Field(default=0.0, ge=0, le=1)
    strength: float = Field(default=1.0e-8, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.begin:
            raise ValueError("the density falls between begin and end: end ≥ begin is expected")
        return self


def density_at(options: Options, step: int, *, steps: int) -> float:
    """The density at a step, from 0."""
    done = step / steps
    if done >= options.end:
        return options.density
    return 1 - (1 - options.density) * max(0.0, (done - options.begin) / (options.end - options.begin))


def _gated(model: nn.Module, image: Tensor) -> list[GatedConvolution]:
    from lesion.compress.runtime.boosting import gate
    from lesion.compress.runtime.pairs import find_pairs

    return gate(model, find_pairs(model, image, method="fbs"))


def restorer(model: nn.Module, options: Options, example: Tensor) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` with gates and these weights, valid until the next call.

    Raises
    ------
    InputError
        Where no convolution has a batch norm of its own, or, of the function, the tensors are of another network.
    """
    for layer in _gated(model, example):
        layer.density = options.density
    return plain.restorer(model, options, example)


class Training(Passive):
    """Trains gates with the network. The arguments are those of `prune.Training`."""

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
        with drawing(seed, "gates"):
            self._layers = _gated(model, image)
        self._options, self._steps = options, steps
        self.learned = [Learned(parameter, 1.0) for layer in self._layers for parameter in layer.gate.parameters()]

    def before_step(self, step: int, optimiser: Optimizer) -> None:  # noqa: ARG002
        """Set the density."""
        for layer in self._layers:
            layer.density = density_at(self._options, step, steps=self._steps)

    def batch_loss(self, logits: Tensor, label: Tensor) -> Tensor:  # noqa: ARG002
        """The L1 norm of the gates of each image, summed over layers, mean over images, times `strength`."""
        gates = [layer.gates for layer in self._layers if layer.gates is not None]
        total = sum((each.sum(dim=1).mean() for each in gates), start=logits.new_zeros(()).float())
        return self._options.strength * total

    def finish(self) -> None:
        """Leave the gates in the network, at the density of the options."""
        for layer in self._layers:
            layer.density = self._options.density
            layer.forget()
