"""The types of the whole params.yaml."""

from typing import Annotated, Any, Literal

from pydantic import Field

from lesion.params.budget import StudyBudget
from lesion.params.comparison import Comparison
from lesion.params.design import Design
from lesion.params.figure import Figure
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.latency import Latency
from lesion.params.layers import Layers
from lesion.params.recipe import Evaluation, Recipe
from lesion.params.resamples import Resamples
from lesion.params.robustness import Robustness
from lesion.params.settings import Settings
from lesion.params.subgroups import Subgroups
from lesion.params.ties import Ties
from lesion.params.tuning import Tuning


class Active(Settings):
    """What is run: ids from the catalogue below it, and the shards of every population.

    `comparisons` are the comparison studies that are run, too.
    """

    studies: list[str] = Field(min_length=1)
    trained: list[str]
    derived: list[str]
    external: list[str]
    shards: list[str] = Field(min_length=1)
    comparisons: list[str]

    @property
    def compressed(self) -> list[str]:
        """All active variants but dense, in the order of display."""
        return [*self.trained, *self.derived, *self.external]


class Study(Settings):
    """One data set with one model and one training recipe. `data`, `model` and `adversarial` name modules.

    `adversarial` is null where there is no other source of images of the same classes. `subgroups` names attributes of
    the examples, each alone or several for their intersections; `cluster` names the one whose values say which examples
    belong together, null where each stands for itself. `budget` is what its variants may lose, null for no gate.
    `layers` names the variants of which the layers are judged one by one, null for none. `latency` says how
    variants are timed, null for not at all.
    `calibration` is the split whose images methods may look at that compress a trained network; of `test` they see the
    images that they are then judged by.
    """

    data: dict[str, Any]
    model: dict[str, Any]
    recipe: Recipe
    evaluation: Evaluation
    adversarial: dict[str, Any] | None
    robustness: Robustness
    subgroups: list[Annotated[list[str], Field(min_length=1)]]
    calibration: Literal["train", "test"]
    cluster: str | None
    budget: StudyBudget | None
    layers: Layers | None
    latency: Latency | None


class Audit(Settings):
    """Settings of the audit's steps."""

    design: Design
    ties: Ties
    impact: Impact
    halves: Halves
    resamples: Resamples
    subgroups: Subgroups


class Params(Settings):
    """The whole file. `comparison` may be left out where no methods are compared, `tuning` where none is tuned."""

    active: Active
    root_seed: int = Field(ge=0)
    studies: dict[str, Study]
    variants: dict[str, dict[str, Any]]
    audit: Audit
    comparison: Comparison | None = None
    tuning: Tuning | None = None
    figures: dict[str, Figure]
