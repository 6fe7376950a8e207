"""How the members of a study are trained, the same for all its trained variants."""

from typing import Literal, Self

from pydantic import Field, model_validator

from lesion.params.augmentation import Augmentation
from lesion.params.settings import Settings

PrecisionByDevice = dict[Literal["cpu", "cuda"], Literal["float32", "bfloat16"]]


class Recipe(Settings):
    """Stochastic gradient descent with Nesterov momentum, a linear warm-up and a decay in steps or on a line.

    `rate` is the peak learning rate; `epochs`, `warmup` and `decay` are counted in epochs (the last incomplete batch of
    an epoch is dropped). With `schedule: steps` the rate is multiplied by `decay_factor` at each epoch in `decay`; with
    `triangular` it falls on a line from the end of the warm-up to zero at the end of training, and `decay` is empty.
    `weight_decay_of`: all parameters, or weights alone (of convolutions and linear layers), not norms and biases. A
    batch goes through the network `micro_batch` images at a time, since a device may not hold all of it, and the
    gradients are added up.
    `precision` is that of the autocast, by type of device; `workers` are the processes that read images ahead (0: the
    training does).
    `paired`: member k of every variant has the initialisation, the order of images and the augmentation of dense member
    k, and is tested against it as a pair; else all are independent draws, as in the paper.
    """

    epochs: float = Field(gt=0)
    batch: int = Field(ge=1)
    micro_batch: int = Field(ge=1)
    rate: float = Field(gt=0)
    warmup: float = Field(ge=0)
    schedule: Literal["steps", "triangular"] = "steps"
    decay: list[float]
    decay_factor: float = Field(gt=0, le=1)
    momentum: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    weight_decay_of: Literal["all", "weights"] = "all"
    label_smoothing: float = Field(ge=0, lt=1)
    augmentation: Augmentation
    paired: bool
    precision: PrecisionByDevice
    threads: int = Field(ge=1)
    workers: int = Field(ge=0)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.batch % self.micro_batch:
            raise ValueError("micro_batch must divide batch")
        return self

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        if self.schedule == "triangular" and self.decay:
            raise ValueError("decay must be [] where the schedule is triangular")
        if self.schedule == "triangular" and self.warmup >= self.epochs:
            raise ValueError("warmup must be less than epochs where the schedule is triangular")
        return self


class Evaluation(Settings):
    """Batch size, precision and threads of evaluation, which can flip labels that are nearly tied; and `workers`."""

    batch: int = Field(ge=1)
    precision: PrecisionByDevice
    threads: int = Field(ge=1)
    workers: int = Field(ge=0)
