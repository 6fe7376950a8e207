"""Image files in a folder for each class, listed by name: nothing is opened to list them."""

import os
from array import array
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.leftovers import is_leftover
from lesion.data.decode import Pixels, open_image
from lesion.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".tif", ".tiff")


def _names(folder: Path, *, folders: bool) -> list[str]:
    """The names in `folder`, or those of folders only, sorted; without files of desktops (`.DS_Store`, `Thumbs.db`).

    Raises
    ------
    InputError
        Where a name is not UTF-8: no table can hold it.
    """
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name for entry in entries if not is_leftover(entry.name) and (not folders or entry.is_dir())
        )
    if odd := next((name for name in names if not _is_utf8(name)), None):
        shown = os.fsencode(odd).decode("utf-8", "backslashreplace")
        raise InputError(f"{folder / shown}: the name is not UTF-8; rename it")
    return names


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # Python keeps such bytes as lone surrogates
        return False
    return True


def class_folders(folder: Path) -> tuple[str, ...]:
    """The names of the folders in `folder`, sorted; plain files (a README) and leftovers are passed over.

    Raises
    ------
    InputError
        Where there is no such folder, none in it, or one whose name is not UTF-8.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of images")
    names = _names(folder, folders=True)
    if not names:
        raise InputError(f"{folder}: a folder for each class is expected, none is there")
    return tuple(names)


def image_names(folder: Path) -> list[str]:
    """The names of the image files in `folder`, sorted; leftovers are passed over.

    Raises
    ------
    InputError
        Names the first file without the suffix of an image, which would otherwise be missing in the training unnoticed,
        or the first whose name is not UTF-8.
    """
    names = _names(folder, folders=False)
    if odd := next((name for name in names if not name.lower().endswith(SUFFIXES)), None):
        raise InputError(f"{folder / odd}: not an image file by its name (one of {' '.join(SUFFIXES)} expected)")
    return names


def list_images(root: Path, part: str, class_ids: tuple[str, ...]) -> tuple[pa.StringArray, npt.NDArray[np.int16]]:
    """The image files of `root/part/<class id>/`, class by class: paths relative to `root`, and labels, both (n,).

    `class_ids` gives the order of labels. A class may have no folder; folders of other names are passed over.
    """
    there = set(class_folders(root / part))
    stem, text, ends, counts = f"{part}/" if part else "", bytearray(), array("i", [0]), []
    for name in class_ids:
        files = image_names(root / part / name) if name in there else []
        counts.append(len(files))
        for file in files:  # straight into Arrow's layout: a million strings of Python would be 150 MB
            text += f"{stem}{name}/{file}".encode()
            ends.append(len(text))
    label = np.repeat(np.arange(len(class_ids), dtype=np.int16), counts)
    return pa.StringArray.from_buffers(len(label), pa.py_buffer(ends), pa.py_buffer(text)), label


def check_classes(folder: Path, class_ids: tuple[str, ...]) -> None:
    """Check that each folder in `folder` is a class; InputError names the first that is none."""
    known = set(class_ids)
    if strange := next((name for name in class_folders(folder) if name not in known), None):
        raise InputError(
            f"{folder / strange}: {strange} is none of the {len(class_ids)} classes of the training images"
        )


def read_square(root: Path, files: pa.StringArray) -> Pixels:
    """Small square images, unscaled, in one array: uint8 (n, side, side, 3). The side is that of the first file.

    Raises
    ------
    InputError
        Names the first that is not readable, not square or of another size.
    """
    side, images = 0, np.empty(0, dtype=np.uint8)
    for place, file in enumerate(files.to_pylist()):
        image = open_image(root / file)
        if place == 0:
            side = image.width
            images = np.empty((len(files), side, side, 3), dtype=np.uint8)
        if image.size != (side, side):
            raise InputError(f"{root / file}: {image.width} × {image.height} pixels, {side} × {side} expected")
        images[place] = np.asarray(image)
    return images
