"""Settings for the part of an image file that a model sees."""

from typing import Self

from pydantic import Field, model_validator

from lesion.data.dataset import Geometry
from lesion.params.settings import Settings


class CentreCrop(Settings):
    """Scale the shorter side to `resize` pixels, then cut out the centre `side` × `side`."""

    resize: int = Field(gt=0)
    side: int = Field(gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.side > self.resize:
            raise ValueError(f"side of {self.side} pixels: at most resize ({self.resize}) is expected")
        return self

    @property
    def geometry(self) -> Geometry:
        """The same as a `Geometry`, for reading files."""
        return Geometry(self.resize, self.side)
