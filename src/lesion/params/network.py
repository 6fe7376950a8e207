"""Settings that every family of networks has: how images are shown to the network."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from lesion.params.settings import Settings

Interpolation = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
"""A filter of Pillow, by which images are scaled."""

Values = Annotated[list[float], Field(min_length=1)]


class Input(Settings):
    """How images are shown to a network; what is left out is as the data have it.

    Attributes
    ----------
    weights : weights whose publisher says the rest (a tag of timm, a name of torchvision; `default` for the library's
        first choice): what is left out is then as with these weights
    mean, std : of pixels in [0, 1], one value each for red, green and blue, whatever `channels` says
    interpolation, resize, side : how an image file becomes a square, as of the data set
    channels : the order in which the network takes them
    """

    weights: str | None = None
    mean: Values | None = None
    std: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)] | None = None
    interpolation: Interpolation | None = None
    resize: int | None = Field(default=None, gt=0)
    side: int | None = Field(default=None, gt=0)
    channels: Literal["rgb", "bgr"] = "rgb"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.side and self.resize and self.side > self.resize:
            raise ValueError(f"side of {self.side} pixels: at most resize ({self.resize}) is expected")
        return self


class Network(Settings):
    """`input`: how images are shown; `own` is short for `{weights: default}`, null shows them as the data are shown."""

    input: Input | None = None

    @field_validator("input", mode="before")
    @classmethod
    def _own(cls, given: Any) -> Any:
        if isinstance(given, str):
            if given != "own":
                raise ValueError("own is expected, or a mapping of mean, std, interpolation, resize, side, channels")
            return {"weights": "default"}
        return given
