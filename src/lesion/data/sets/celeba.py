"""CelebA (Liu et al., arXiv 1411.7766): the task is to recognise one attribute of a face; others form subgroups.

The files are laid out as torchvision does: `<root>/celeba/` with `img_align_celeba/`, `list_attr_celeba.txt` and
`list_eval_partition.txt`. Partition 0 is for training, partition 2 for testing; partition 1 (validation) is left out.
Example ids count the remaining images in the order of the lists.
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from lesion.data.centre_crop import CentreCrop
from lesion.data.dataset import Indexed
from lesion.data.imagenet_facts import MEAN, STD
from lesion.data.images import folder
from lesion.errors import InputError

FOLDER, IMAGES = "celeba", "img_align_celeba"
ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"
TRAIN, VALIDATION, TEST = 0, 1, 2
PARTITIONS = {"0": TRAIN, "1": VALIDATION, "2": TEST}
SIGNS = {"-1": False, "1": True}

Flags = npt.NDArray[np.bool_]


class Options(CentreCrop):
    """`root`: folder that contains `celeba`. `target`: attribute to recognise. `attributes`: those for subgroups."""

    root: str
    target: str = "Blond_Hair"
    attributes: list[str] = Field(["Male", "Young"])
    resize: int = Field(gt=0)
    side: int = Field(gt=0)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; InputError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(f"{path}: the file is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable text ({error})") from None


def read_attributes(path: Path) -> tuple[list[str], dict[str, Flags]]:
    """The names of the image files, and for each attribute whether an image has it: bool (n,).

    The first line of the file has the number of images, the second the attribute names, every other line an image file
    and -1 or 1 for each attribute.

    Raises
    ------
    InputError
        Names the first line with another format.
    """
    lines = read_lines(path)
    if not lines or not lines[0].strip().isdecimal():
        raise InputError(f"{path}: line 1: the number of images is expected")
    if len(lines) != int(lines[0]) + 2:
        raise InputError(f"{path}: {len(lines) - 2} images, {int(lines[0])} expected by its first line")
    attributes, files = lines[1].split(), []
    held = np.empty((len(lines) - 2, len(attributes)), dtype=np.bool_)
    for row, line in enumerate(lines[2:]):
        file, *values = line.split() or [""]
        if len(values) != len(attributes) or not SIGNS.keys() >= set(values):
            raise InputError(f"{path}: line {row + 3}: a file and {len(attributes)} of -1 or 1 are expected")
        held[row] = [SIGNS[value] for value in values]
        files.append(file)
    return files, dict(zip(attributes, held.T, strict=True))


def read_partition(path: Path, files: list[str]) -> npt.NDArray[np.int8]:
    """The partition of each of `files`: int8 (n,); InputError with the first line that does not fit the next file."""
    lines = read_lines(path)
    if len(lines) != len(files):
        raise InputError(f"{path}: {len(lines)} lines, {len(files)} expected as in {ATTRIBUTES}")
    partition = np.empty(len(files), dtype=np.int8)
    for row, (line, file) in enumerate(zip(lines, files, strict=True)):
        name, *rest = line.split() or [""]
        if name != file or len(rest) != 1 or rest[0] not in PARTITIONS:
            raise InputError(f"{path}: line {row + 1}: {line!r} found, {file} and 0, 1 or 2 expected")
        partition[row] = PARTITIONS[rest[0]]
    return partition


def load(options: Options) -> Indexed:
    """Index the image files. Label 1 has the target; attributes are text such as `Male` and `not Male`."""
    root = folder(options.root)
    where = root / FOLDER
    files, held = read_attributes(where / ATTRIBUTES)
    for name in (options.target, *options.attributes):
        if name not in held:
            raise InputError(
                f"{where / ATTRIBUTES}: line 2: has no attribute {name} (one of {' '.join(held)} expected)"
            )
    partition = read_partition(where / PARTITION, files)
    kept = np.flatnonzero(partition != VALIDATION)
    with os.scandir(folder(str(where / IMAGES))) as entries:
        there = {entry.name for entry in entries}
    if missing := next((files[row] for row in kept if files[row] not in there), None):
        raise InputError(f"{where / IMAGES / missing}: the image is missing, {ATTRIBUTES} has it")
    return Indexed(
        root=options.root,
        files=pa.array([f"{FOLDER}/{IMAGES}/{files[row]}" for row in kept], pa.string()),
        label=held[options.target][kept].astype(np.int16),
        train=partition[kept] == TRAIN,
        class_names=(f"not {options.target}", options.target),
        attributes={name: np.where(held[name][kept], name, f"not {name}") for name in options.attributes},
        geometry=options.geometry,
        mean=MEAN,
        std=STD,
    )
