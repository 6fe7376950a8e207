"""The images of a study, packed in memory or in files of their own, read by row of the table of examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, cast

import numpy as np
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.arrays import Arrays
from lesion.data.augment import mirror, shift
from lesion.data.contents import Folder, check
from lesion.data.dataset import Geometry
from lesion.data.decode import Pixels, open_image, random_box, read_image, show
from lesion.data.inputs import IMAGES, Inputs, Kind, Rows, Shown
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation


class Images(Inputs, Protocol):
    """Images by row, all of one shape; they may be sent to another process."""

    @property
    def shape(self) -> tuple[int, int]:
        """Side in pixels and channels."""

    def read(self, rows: Rows) -> Pixels:
        """As evaluation sees them: uint8 (n, side, side, channels)."""

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> Pixels:
        """As training sees them, the same for the same seed: uint8 (n, side, side, channels)."""


def as_images(inputs: Inputs, where: str) -> Images:
    """The inputs, which are images; InputError with the key `where` if they are something else."""
    if inputs.kind != IMAGES:
        raise InputError(f"{where}: is of images, the examples are {inputs.kind}")
    return cast(Images, inputs)


class _OfPixels:
    """What all images have in common as inputs."""

    @property
    def kind(self) -> Kind:
        """Images."""
        return IMAGES

    @property
    def sizes(self: Images) -> dict[str, int]:
        """Channels, and side in pixels."""
        side, channels = self.shape
        return {"channels": channels, "side": side}

    def shown(self: Images, rows: Rows) -> list[Shown]:
        """The pixels of each."""
        return list(self.read(rows))


@dataclass(frozen=True)
class PackedImages(_OfPixels):
    """Images in memory: uint8 (n, side, side, channels)."""

    images: Pixels

    @property
    def shape(self) -> tuple[int, int]:
        """Side in pixels and channels."""
        _, height, width, channels = self.images.shape
        if height != width:
            raise InputError(f"images of {height} × {width} pixels: square ones are expected")
        return height, channels

    def read(self, rows: Rows) -> Pixels:
        """As evaluation sees them."""
        return self.images[rows]

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> Pixels:
        """Shifted, and mirrored if `mirror` is set; InputError if `smallest_area` asks for parts."""
        if augmentation.smallest_area < 1:
            raise InputError("recipe.augmentation.smallest_area: packed images are shifted instead; 1.0 is expected")
        draws = np.random.default_rng(seed)
        shifted = shift(self.images[rows], augmentation.shift, draws)
        return mirror(shifted, draws) if augmentation.mirror is True else shifted


@dataclass(frozen=True)
class FileImages(_OfPixels):
    """Images in files: `files` (n,) text, relative to `root`, held by pyarrow: a million Python strings are 100 MB."""

    root: Path
    files: pa.Array
    geometry: Geometry

    @classmethod
    def described(
        cls, artifact: Path, facts: Mapping[str, Any], recorded: Arrays, files: pa.Array, rows: Rows | None = None
    ) -> Self:
        """The images of `files` at `rows` (all if None), in the folder and with the geometry that `facts` have.

        Parameters
        ----------
        artifact, facts, recorded : the file that describes the images, its metadata and its arrays
        files : paths of all files that the artifact describes, text (n,)

        Raises
        ------
        InputError
            If one of the files was changed or removed since the artifact was made.
        """
        if "listing" not in facts:
            raise InputError(f"{artifact}: does not tell what the image files hold; make it again")
        root = folder(facts["root"])
        check(Folder(root, files, facts["listing"], artifact), recorded, rows, study=facts["study"])
        return cls(root, files if rows is None else files.take(rows), Geometry(**facts["geometry"]))

    @property
    def shape(self) -> tuple[int, int]:
        """Side in pixels and channels."""
        return self.geometry.side, 3

    def read(self, rows: Rows) -> Pixels:
        """As evaluation sees them."""
        side = self.geometry.side
        pixels = np.empty((len(rows), side, side, 3), dtype=np.uint8)
        for place, file in enumerate(self.files.take(rows).to_pylist()):
            pixels[place] = read_image(self.root / file, self.geometry)
        return pixels

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> Pixels:
        """A random part of each, mirrored if `mirror` is set; InputError if `shift` is set."""
        if augmentation.shift:
            raise InputError(
                "recipe.augmentation.shift: of image files, parts are cut (smallest_area) instead; 0 is expected"
            )
        draws, side = np.random.default_rng(seed), self.geometry.side
        pixels = np.empty((len(rows), side, side, 3), dtype=np.uint8)
        for place, file in enumerate(self.files.take(rows).to_pylist()):
            image = open_image(self.root / file)
            box = random_box(*image.size, augmentation.smallest_area, draws)
            pixels[place] = show(image, box, side, self.geometry.interpolation)
        return mirror(pixels, draws) if augmentation.mirror is True else pixels


def folder(root: str) -> Path:
    """The folder of image files that params.yaml names, with environment variables and ~ expanded.

    Raises
    ------
    InputError
        Where a variable is not set or there is no such folder.
    """
    path = paths.named(root)
    if "$" in str(path):
        raise InputError(f"{root}: set this environment variable to the folder of images")
    try:
        there = path.is_dir()
    except OSError as error:
        raise InputError(f"{path}: the folder cannot be read ({error.strerror})") from None
    if not there:
        raise InputError(f"{path}: there is no such folder of images")
    return path
