"""Gradual: cubic growth of the sparsity from 0 to its final value (Zhu & Gupta, arXiv 1710.01878, eq. 1)."""

from typing import Self

from pydantic import Field, model_validator

from lesion.compress import schedule
from lesion.errors import InputError
from lesion.params.settings import Settings


class Options(Settings):
    """Begin, end and interval of mask updates, as shares of the training steps, so that they fit every study.

    The published code prunes ImageNet from step 5000 to 8000 of 32,000, every 500: 0.15625, 0.25 and 0.015625.
    """

    begin: float = Field(ge=0, lt=1)
    end: float = Field(gt=0, le=1)
    every: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("end must come after begin")
        return self


class Schedule(schedule.Schedule):
    """Masks are recomputed at intervals. A pruned weight may come back until the last update."""

    monotone = False

    def __init__(self, options: Options, *, steps: int) -> None:
        self.begin, self.end = round(options.begin * steps), min(round(options.end * steps), steps - 1)
        if self.end <= self.begin:
            raise InputError(f"a training of {steps} steps is too short for the schedule {options!r}")
        self.interval = max(1, round(options.every * steps))

    def updates(self, step: int) -> bool:
        """True at each interval from begin on, and at end."""
        return step == self.end or (self.begin <= step < self.end and (step - self.begin) % self.interval == 0)

    def sparsity(self, step: int, final: float) -> float:
        """Final · (1 − (1 − (t − b) / (e − b))³) at step t (eq. 1); 0 before begin b, `final` after end e."""
        if step >= self.end:
            return final
        return final * (1 - (1 - max(0, step - self.begin) / (self.end - self.begin)) ** 3)
