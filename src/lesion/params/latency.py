"""Settings of the step that measures how long variants take."""

from typing import Annotated, Literal

from pydantic import Field

from lesion.params.settings import Settings


class Latency(Settings):
    """What is measured, and how often.

    `batches`: images at a time, each a measurement of its own; `threads` that compute; `repeats`: rounds in which every
    variant is timed once, in a random order; `warmup`: calls before, which do not count; `clock`: on the wall, or the
    time that the process gets of its processors, which other processes hardly change (with one thread the same on a
    machine that does nothing else); `variants`: those that are measured beside dense, all if none is listed.
    """

    batches: list[Annotated[int, Field(ge=1)]] = Field(min_length=1)
    threads: int = Field(ge=1)
    repeats: int = Field(ge=3)
    warmup: int = Field(ge=0)
    clock: Literal["wall", "processor"] = "wall"
    variants: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
