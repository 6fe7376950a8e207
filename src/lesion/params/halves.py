"""Settings of the null: how many counts between halves of the dense population it has."""

from pydantic import Field

from lesion.params.settings import Settings


class Halves(Settings):
    """How many counts there are: two a split in halves, one in each direction; fewer where there are fewer ways."""

    splits: int = Field(ge=1)
