"""What the sets of image files share in params.yaml: the part of a file that is shown, normalisation, classes."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from lesion.data.centre_crop import CentreCrop
from lesion.data.imagenet_facts import MEAN, STD


def _below(part: str) -> str:
    path = PurePosixPath(part)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("the name of a folder below root is expected")
    return "" if part == "." else str(path)


Positive = Annotated[float, Field(gt=0)]
Part = Annotated[str, Field(min_length=1), AfterValidator(_below)]
"""A folder below the root, with slashes; `.`, the root itself, becomes empty."""


class FileOptions(CentreCrop):
    """`classes`: a file with the ids of the classes in the order of the network's outputs, one a line, or a CSV with
    the columns `id` and `name`; null: the ids that the data have, sorted. `mean`, `std`: of pixels in [0, 1], R G B,
    for normalisation; those of ImageNet where they are not given.
    """

    classes: str | None = None
    resize: int = Field(256, gt=0)
    side: int = Field(224, gt=0)
    mean: Annotated[tuple[float, float, float], Strict(False)] = MEAN
    std: Annotated[tuple[Positive, Positive, Positive], Strict(False)] = STD
