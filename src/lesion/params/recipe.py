"""How the members of a study are trained, the same for all its trained variants."""

from typing import Literal, Self

from pydantic import Field, model_validator

from lesion.params.augmentation import Augmentation
from lesion.params.settings import Settings

PrecisionByDevice = dict[Literal["cpu", "cuda"], Literal["float32", "bfloat16"]]


class Recipe(Settings):
    """Stochastic gradient descent with Nesterov momentum, a linear warm-up and a decay in steps.

    `rate` is the peak learning rate; `epochs`, `warmup` and `decay` are counted in epochs (the last incomplete batch of
    an epoch is dropped); at each epoch in `decay` the rate is multiplied by `decay_factor`. A batch goes through the
    network `micro_batch` images at a time, since a device may not hold all of it, and the gradients are added up.
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
    decay: list[float]
    decay_factor: float = Field(gt=0, le=1)
    momentum: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
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


class Evaluation(Settings):
    """Batch size, precision and threads of evaluation, which can flip labels that are nearly tied; and `workers`."""

    batch: int = Field(ge=1)
    precision: PrecisionByDevice
    threads: int = Field(ge=1)
    workers: int = Field(ge=0)
