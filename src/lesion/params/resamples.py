"""Settings of the bootstraps."""

from pydantic import Field

from lesion.params.settings import Settings


class Resamples(Settings):
    """`draws`: the number of populations that are drawn from the members, with replacement."""

    draws: int = Field(ge=2)
