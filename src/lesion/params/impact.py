"""Settings of the class-level audit."""

from typing import Literal

from pydantic import Field

from lesion.params.settings import Settings

Normalise = Literal["population", "member"]
"""Whose accuracy recall is relative to: the population's mean (the paper), or each member's own."""


class Impact(Settings):
    """How a change of recall is tested."""

    alpha: float = Field(gt=0, lt=1)
    normalise: Normalise
