"""How the members of a study are trained, the same for all its trained variants."""

from typing import Literal

from pydantic import Field

from lesion.params.settings import Settings

PrecisionByDevice = dict[Literal["cpu", "cuda"], Literal["float32", "bfloat16"]]


class Recipe(Settings):
    """Stochastic gradient descent with Nesterov momentum, a linear warm-up and a decay in steps.

    `rate` is the peak learning rate; `warmup` and `decay` are counted in epochs (the last incomplete batch of an
    epoch is dropped); at each epoch in `decay` the rate is multiplied by `decay_factor`. `precision` is that of
    the autocast, by type of device.
    """

    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    rate: float = Field(gt=0)
    warmup: float = Field(ge=0)
    decay: list[int]
    decay_factor: float = Field(gt=0, le=1)
    momentum: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    label_smoothing: float = Field(ge=0, lt=1)
    shift: int = Field(ge=0)
    precision: PrecisionByDevice
    threads: int = Field(ge=1)


class Evaluation(Settings):
    """Batch size, precision and threads of evaluation: they can flip labels that are nearly tied."""

    batch: int = Field(ge=1)
    precision: PrecisionByDevice
    threads: int = Field(ge=1)
