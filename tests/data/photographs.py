"""Real images: two photographs that scikit-learn ships, and archives of more of them where they lie by the checkout."""

import functools
import io
import tarfile
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_images

PACKAGED = "scikit-learn"
ARCHIVES = {32: "cifar10-jpeg.tar.gz", 224: "imagenet-sample.tar"}  # by the side that suits their images
FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


def sources(side: int) -> list[str]:
    """Where images for this side come from: the packaged photographs, and the archive if it is there."""
    return [PACKAGED, *([ARCHIVES[side]] if (FOLDER / ARCHIVES[side]).exists() else [])]


on_photographs = pytest.mark.parametrize(
    ("source", "side"), [(source, side) for side in ARCHIVES for source in sources(side)]
)


def tiles(rows: int, columns: int) -> list[Image.Image]:
    """Both photographs, 640 × 427 pixels, cut into rows × columns parts each; one of either in turn."""
    across, down = 640 // columns, 427 // rows
    corners = product(range(0, rows * down, down), range(0, columns * across, across))
    china, flower = (Image.fromarray(pixels) for pixels in load_sample_images().images)
    return [
        photograph.crop((left, upper, left + across, upper + down))
        for upper, left in corners
        for photograph in (china, flower)
    ]


def pictures(source: str, count: int, *, every: int = 1) -> list[Image.Image]:
    """Images in RGB as their files hold them: `count` of an archive, of which every so many is taken, or tiles."""
    if source == PACKAGED:
        grid = next(grid for grid in ((1, 2), (2, 4), (4, 6)) if 2 * grid[0] * grid[1] >= count)
        return tiles(*grid)[:count]
    with tarfile.open(FOLDER / source) as members:
        files = (members.extractfile(member) for member in members if member.isfile())
        chosen = islice((file for file in files if file), 0, count * every, every)
        return [Image.open(io.BytesIO(file.read())).convert("RGB") for file in chosen]


@functools.cache
def photographs(source: str, side: int, count: int) -> NDArray[np.uint8]:
    """The first images of a source, cut to squares in their centre; uint8 (count, side, side, 3)."""
    return np.stack([np.asarray(ImageOps.fit(picture, (side, side))) for picture in pictures(source, count)])
