"""Settings of one figure."""

from pydantic import Field

from lesion.params.settings import Settings


class Figure(Settings):
    """The size of a figure in inches and the size of its text in points."""

    width: float = Field(gt=0)
    height: float = Field(gt=0)
    font_size: float = Field(gt=0)
