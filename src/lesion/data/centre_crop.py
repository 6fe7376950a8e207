"""Settings of what a model is shown of an image file."""

from typing import Self

from pydantic import Field, model_validator

from lesion.data.dataset import Geometry
from lesion.params.settings import Settings


class CentreCrop(Settings):
    """An image's shorter side is scaled to `resize` pixels, the centre `side` × `side` is cut out."""

    resize: int = Field(gt=0)
    side: int = Field(gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.side > self.resize:
            raise ValueError(f"side of {self.side} pixels: at most resize ({self.resize}) is expected")
        return self

    @property
    def geometry(self) -> Geometry:
        """The same, for those who read the files."""
        return Geometry(self.resize, self.side)
