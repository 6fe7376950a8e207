"""Any folder of image files with a folder for each class: training and test images, or test images alone.

Files are read in place. Examples are in order of split (training first), class and file name. Without a file of
`classes` the classes are the names of the folders, sorted, as in torchvision's ImageFolder.
"""

from typing import Self

import numpy as np
import pyarrow as pa
from pydantic import model_validator

from lesion.data.dataset import Indexed
from lesion.data.file_options import FileOptions, Part
from lesion.data.image_folder import classes_of_folders, list_files
from lesion.data.images import folder


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


def load(options: Options) -> Indexed:
    """Index the image files and their classes."""
    root = folder(options.root)
    parts = [part for part in (options.train, options.test) if part is not None]
    ids, names = classes_of_folders(root, parts, options.classes)
    listed = [list_files(root, part, ids) for part in parts]
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
