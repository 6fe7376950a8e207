"""What a compressed model may lose: the limits of a gate, in percentage points."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lesion.params.settings import Settings

MEASURES: tuple[Literal["loss", "broken", "ece"], ...] = ("loss", "broken", "ece")

Points = Annotated[float, Field(ge=0, le=100)]


def _as_text(named: Any) -> Any:
    """YAML reads the name of class 3 as a number."""
    if not isinstance(named, dict):
        return named
    return {str(name) if type(name) is int else name: value for name, value in named.items()}


class Limits(Settings):
    """Limits of one part of the examples; what is not named has no limit."""

    loss: Points | None = Field(
        None, description="Percentage points that accuracy may fall; of a class, that its recall may fall."
    )
    broken: Points | None = Field(
        None, description="Percentage of the examples whose answer may be right before and wrong after."
    )
    ece: Points | None = Field(
        None, description="Percentage points that the expected calibration error may rise; needs a confidence."
    )
    examples: Annotated[int, Field(ge=1)] | None = Field(
        None, description="With fewer examples than this, the limits are inconclusive."
    )


Named = Annotated[dict[str, Limits], BeforeValidator(_as_text)]


class Budget(Settings):
    """What a compressed model may lose. Limits are percentage points: 1.0 is one answer in a hundred.

    What stands under a name replaces, key by key, what stands under `every_class` or `every_group`; null takes it away.
    """

    version: Literal[1] = Field(description="Of this format.")
    sure: float = Field(0.95, gt=0.5, lt=1, description="A verdict is wrong with a chance of at most 1 - sure.")
    all: Limits = Field(Limits(), description="All examples together.")
    every_class: Limits = Field(Limits(), description="Each class.")
    classes: Named = Field({}, description="Classes by name.")
    every_group: Named = Field({}, description="Attribute: the limits of each of its groups.")
    groups: Annotated[dict[str, Named], BeforeValidator(_as_text)] = Field(
        {}, description="Attribute: its groups by name."
    )

    @property
    def parts(self) -> dict[str, Limits]:
        """Dotted key → the limits that stand there."""
        return {
            "all": self.all,
            "every_class": self.every_class,
            **{f"classes.{name}": limits for name, limits in self.classes.items()},
            **{f"every_group.{name}": limits for name, limits in self.every_group.items()},
            **{
                f"groups.{attribute}.{name}": limits
                for attribute, named in self.groups.items()
                for name, limits in named.items()
            },
        }


class StudyBudget(Budget):
    """The budget of a study of params.yaml."""

    variants: list[str] = Field([], description="The compressed variants that are judged; none are named: all.")
