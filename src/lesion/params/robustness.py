"""Settings of the robustness step."""

from typing import Annotated, Literal

from pydantic import Field

from lesion.params.settings import Settings

Corruption = Literal[
    "gaussian-noise",
    "shot-noise",
    "impulse-noise",
    "speckle-noise",
    "defocus-blur",
    "glass-blur",
    "motion-blur",
    "zoom-blur",
    "gaussian-blur",
    "snow",
    "frost",
    "procedural-frost",
    "fog",
    "spatter",
    "brightness",
    "contrast",
    "elastic-transform",
    "pixelate",
    "jpeg-compression",
    "saturate",
]  # those of data/corruptions, named here so that a misspelt one is told before anything is trained


class Robustness(Settings):
    """The corruptions, and their severities (1 to 5). Without corruptions only clean images are evaluated.

    `frost` mixes in the photographs that the package imagecorruptions ships; `procedural-frost` needs no package.
    `published`: the folder of the published corrupted images (CIFAR-10-C, ImageNet-C); None if Lesion makes them.
    """

    corruptions: list[Corruption]
    severities: list[Annotated[int, Field(ge=1, le=5)]]
    published: str | None = None
