"""Settings of the comparison of methods."""

from typing import Annotated

from pydantic import Field

from lesion.params.settings import Settings

Share = Annotated[float, Field(gt=0, lt=1)]


class Ranking(Settings):
    """Where methods are ranked: at equal sparsity, and at equal accuracy, a drop below that of dense (fractions)."""

    sparsities: list[Share]
    accuracy_drops: list[Share]


class Family(Settings):
    """Methods that are drawn together."""

    name: str
    methods: list[str]


class Front(Settings):
    """What stands beside the Pareto front.

    `line`: the method with whose variants, and dense, all others are compared at equal cost; null for none.
    """

    line: str | None


class Comparison(Settings):
    """The studies and populations that are compared, and how.

    `families` are in the order of display, and every variant's method is in one of them. The first method of the first
    family is the reference that all are drawn against.
    """

    studies: list[str]
    shards: list[str] = Field(min_length=1)
    trained: list[str]
    derived: list[str]
    external: list[str]
    families: list[Family]
    resamples: int = Field(ge=2)
    ranking: Ranking
    front: Front

    @property
    def compressed(self) -> list[str]:
        """All compared variants but dense, in the order of the table."""
        return [*self.trained, *self.derived, *self.external]
