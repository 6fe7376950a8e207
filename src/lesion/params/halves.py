"""Settings of the null: how often the dense population is split in halves."""

from pydantic import Field

from lesion.params.settings import Settings


class Halves(Settings):
    """How many random splits in halves are drawn."""

    splits: int = Field(ge=1)
