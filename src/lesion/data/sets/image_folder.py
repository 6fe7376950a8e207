"""Any folder of image files with a folder for each class: training and test images, or test images alone.

Files are read in place. Examples are in order of split (training first), class and file name. Without a file of
`classes` the classes are the names of the folders, sorted, as in torchvision's ImageFolder.
"""

from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from pydantic import model_validator

from lesion.artifacts import paths
from lesion.data.class_list import for_people, nearest, read_classes
from lesion.data.dataset import Indexed
from lesion.data.file_options import FileOptions, Part
from lesion.data.image_folder import check_classes, class_folders, list_images
from lesion.data.images import folder
from lesion.errors import InputError


class Options(FileOptions):
    """`root`: a folder. `train` and `test`: folders in it that have a folder for each class; `.` is the root itself.
    `train` may be null, where nothing is trained.
    """

    root: str
    train: Part | None = None
    test: Part

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.train == self.test:
            raise ValueError("train and test: two folders are expected, not one")
        return self


def class_ids(root: Path, parts: list[str]) -> tuple[str, ...]:
    """The classes of folders: those of the one that has all. InputError where each has a class that the other lacks."""
    found = {part: class_folders(root / part) for part in parts}
    largest = max(found, key=lambda part: len(found[part]))
    for part, classes in found.items():
        if strange := next((one for one in classes if one not in found[largest]), None):
            close = nearest(strange, found[largest])
            raise InputError(
                f"{root / part / classes[strange]}: {strange} is no class in {root / largest}{close}; if it is one,"
                " name all classes in a file (classes)"
            )
    return tuple(found[largest])


def load(options: Options) -> Indexed:
    """Index the image files and their classes."""
    root = folder(options.root)
    parts = [part for part in (options.train, options.test) if part is not None]
    if options.classes is None:
        ids = class_ids(root, parts)
        names = for_people(ids)
    else:
        told = paths.named(options.classes)
        ids, names = read_classes(told)
        for part in parts:
            check_classes(root / part, ids, of=str(told))
    listed = [list_images(root, part, ids) for part in parts]
    label = np.concatenate([labels for _, labels in listed])
    trained = len(label) - len(listed[-1][1])
    return Indexed(
        root=options.root,
        files=pa.concat_arrays([files for files, _ in listed]),
        label=label,
        train=np.arange(len(label)) < trained,
        class_names=names,
        class_ids=ids,
        geometry=options.geometry,
        mean=options.mean,
        std=options.std,
    )
