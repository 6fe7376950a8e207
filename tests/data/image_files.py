"""Image files and folders of them, for the tests of what reads them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from lesion.data.decode import Pixels


def smooth(width: int, height: int, seed: int = 0) -> Pixels:
    """A smooth picture, such as JPEG keeps well: uint8 (height, width, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def write_image(path: Path, width: int = 8, height: int = 8, seed: int = 0, mode: str = "RGB") -> Pixels:
    """Write a smooth picture in the format of the suffix; returns it as written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = smooth(width, height, seed)
    Image.fromarray(picture).convert(mode).save(path)
    return picture


def write_tree(root: Path, files: Mapping[str, int], side: int = 8, suffix: str = ".png") -> None:
    """Folders of so many pictures each: `root/<folder>/0.png`, each of other pixels."""
    seed = 0
    for folder, count in files.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            write_image(root / folder / f"{number}{suffix}", side, side, seed)
            seed += 1
