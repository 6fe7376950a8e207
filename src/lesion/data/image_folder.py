"""Files in a folder for each class, listed by name: nothing is opened to list them."""

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.leftovers import is_leftover
from lesion.data.class_list import for_people, nearest, one_spelling, read_classes
from lesion.data.decode import Pixels, open_image
from lesion.errors import InputError


@dataclass(frozen=True)
class Files:
    """A kind of files: what one is, for messages, and the ends of their names, in small letters."""

    what: str
    suffixes: tuple[str, ...]


IMAGES = Files("an image file", (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".tif", ".tiff"))
TEXTS = Files("a text file", (".txt",))


def _entries(folder: Path) -> dict[str, bool]:
    """The names in `folder`, sorted, and whether each is a folder; without what desktops leave (`.DS_Store`).

    Raises
    ------
    InputError
        Where the folder is missing or cannot be read, or a name is not UTF-8: no table can hold it.
    """
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.is_dir() for entry in entries if not is_leftover(entry.name)}
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{folder}: there is no such folder of images") from None
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be read ({error.strerror})") from None
    if odd := next((name for name in sorted(found) if not _is_utf8(name)), None):
        shown = os.fsencode(odd).decode("utf-8", "backslashreplace")
        raise InputError(f"{folder / shown}: the name is not UTF-8; rename it")
    return dict(sorted(found.items()))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # Python keeps such bytes as lone surrogates
        return False
    return True


def class_folders(folder: Path) -> dict[str, str]:
    """Class → name of its folder in `folder`, sorted by class; plain files (a README) and leftovers are passed over.

    Classes have one spelling each, whatever form the file system keeps (`class_list.one_spelling`).

    Raises
    ------
    InputError
        Where there is no such folder of images, none in it, one whose name is not UTF-8, or two that name one class.
    """
    classes: dict[str, str] = {}
    for name in (name for name, is_folder in _entries(folder).items() if is_folder):
        if (other := classes.setdefault(one_spelling(name), name)) != name:
            raise InputError(
                f"{folder}: the folders {other!a} and {name!a} are one class: they differ in blanks or in the"
                " form of their letters alone"
            )
    if not classes:
        raise InputError(f"{folder}: a folder for each class is expected, none is there")
    if "" in classes:
        raise InputError(f"{folder}: the name of the folder {classes['']!r} is blank")
    return dict(sorted(classes.items()))


def file_names(folder: Path, files: Files = IMAGES) -> list[str]:
    """The names of the files of a kind in `folder`, sorted; leftovers are passed over.

    Raises
    ------
    InputError
        Names the first folder, or the first file without such a suffix, which would otherwise be missing in the
        training unnoticed, or the first whose name is not UTF-8.
    """
    entries = _entries(folder)
    if nested := next((name for name, is_folder in entries.items() if is_folder), None):
        raise InputError(f"{folder / nested}: a folder within a class; files are expected in {folder} itself")
    if odd := next((name for name in entries if not name.lower().endswith(files.suffixes)), None):
        raise InputError(f"{folder / odd}: not {files.what} by its name (one of {' '.join(files.suffixes)} expected)")
    return list(entries)


def list_files(
    root: Path, part: str, class_ids: Sequence[str], files: Files = IMAGES
) -> tuple[pa.StringArray, npt.NDArray[np.int16]]:
    """The files of `root/part/<class id>/`, class by class: paths relative to `root`, and labels, both (n,).

    `class_ids` gives the order of labels. A class may have no folder; folders of other names are passed over.
    """
    there = class_folders(root / part)
    stem, text, ends, counts = f"{part}/" if part else "", bytearray(), array("i", [0]), []
    for one in class_ids:
        name = there.get(one)
        names = [] if name is None else file_names(root / part / name, files)
        counts.append(len(names))
        for file in names:  # straight into Arrow's layout: a million strings of Python would be 150 MB
            text += f"{stem}{name}/{file}".encode()
            ends.append(len(text))
    label = np.repeat(np.arange(len(class_ids), dtype=np.int16), counts)
    return pa.StringArray.from_buffers(len(label), pa.py_buffer(ends), pa.py_buffer(text)), label


def check_classes(folder: Path, class_ids: Sequence[str], *, of: str = "the training images") -> None:
    """Check that each folder in `folder` is a class; InputError names the first that is none.

    `of`: where the classes are told, for the message.
    """
    known = set(class_ids)
    if strange := next((one for one in class_folders(folder) if one not in known), None):
        close = nearest(strange, class_ids)
        raise InputError(f"{folder / strange}: {strange} is none of the {len(class_ids)} classes of {of}{close}")


def classes_of_folders(
    root: Path, parts: Sequence[str], classes: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids and the names of the classes of `root/part/<class>/`, for a training and a test part, or one of them.

    `classes`: a file of them. Without it they are those of the part that has all.

    Raises
    ------
    InputError
        Names a folder that is none of `classes`; without these, one that the part of most classes lacks.
    """
    if classes is not None:
        told = paths.named(classes)
        ids, names = read_classes(told)
        for part in parts:
            check_classes(root / part, ids, of=str(told))
        return ids, names
    found = {part: class_folders(root / part) for part in parts}
    largest = max(found, key=lambda part: len(found[part]))
    for part, held in found.items():
        if strange := next((one for one in held if one not in found[largest]), None):
            close = nearest(strange, found[largest])
            raise InputError(
                f"{root / part / held[strange]}: {strange} is no class in {root / largest}{close}; if it is one, name"
                " all classes in a file (classes)"
            )
    ids = tuple(found[largest])
    return ids, for_people(ids)


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
