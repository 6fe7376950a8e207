"""Settings of the bootstraps."""

from pydantic import Field

from lesion.params.settings import Settings


class Resamples(Settings):
    """How many populations are drawn, with replacement, from the members that there are."""

    draws: int = Field(ge=2)
