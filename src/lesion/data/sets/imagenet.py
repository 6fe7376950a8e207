"""ImageNet (ILSVRC 2012) from local folders. No image is opened or copied.

Training images are in `train/<wnid>/`. Test images are in `val/<wnid>/`, or directly in `val/` with a file that lists
their classes. The classes are the folders in `train`, so a subset of the wnids works too. Examples are in order of
split (training first), wnid and file name, the same for both layouts of `val`.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from lesion.artifacts import paths
from lesion.data.centre_crop import CentreCrop
from lesion.data.dataset import Indexed
from lesion.data.ground_truth import read_ground_truth
from lesion.data.image_folder import check_classes, class_folders, file_names, list_files
from lesion.data.imagenet_facts import MEAN, STD, class_names
from lesion.data.images import folder
from lesion.errors import InputError


class Options(CentreCrop):
    """`root`: folder with `train` and `val`. `validation`: "folders" if `val` has a folder for each class, else the
    file with the classes of its images: LOC_val_solution.csv, a list of wnids, or the devkit's list of numbers with its
    meta.mat beside it.
    """

    root: str
    validation: str = "folders"
    resize: int = Field(256, gt=0)
    side: int = Field(224, gt=0)


def flat(root: Path, truth: Path, wnids: tuple[str, ...]) -> tuple[pa.StringArray, npt.NDArray[np.int16]]:
    """The images directly in `val`, by class, then name: paths relative to `root`, and labels.

    Raises
    ------
    InputError
        Names the first image without a class in the file, or with a class that has no training images.
    """
    if not (root / "val").is_dir():
        raise InputError(f"{root / 'val'}: there is no such folder of images")
    told, number = read_ground_truth(truth), {wnid: label for label, wnid in enumerate(wnids)}
    labelled = []
    for name in file_names(root / "val"):
        wnid = told.get(Path(name).stem)
        if wnid is None:
            raise InputError(f"{truth}: tells no class of val/{name}")
        if wnid not in number:
            raise InputError(
                f"{root / 'val' / name}: {wnid} is none of the {len(wnids)} classes of the training images"
            )
        labelled.append((number[wnid], name))
    labelled.sort()
    files = pa.array([f"val/{name}" for _, name in labelled], pa.string())
    return files, np.array([label for label, _ in labelled], dtype=np.int16)


def load(options: Options) -> Indexed:
    """Index the image files and their classes."""
    root = folder(options.root)
    wnids = tuple(class_folders(root / "train"))
    train_files, train_label = list_files(root, "train", wnids)
    if options.validation == "folders":
        check_classes(root / "val", wnids)
        test_files, test_label = list_files(root, "val", wnids)
    else:
        truth = paths.named(options.validation)
        test_files, test_label = flat(root, truth, wnids)
    label = np.concatenate([train_label, test_label])
    return Indexed(
        root=options.root,
        files=pa.concat_arrays([train_files, test_files]),
        label=label,
        train=np.arange(len(label)) < len(train_label),
        class_names=class_names(wnids),
        class_ids=wnids,
        geometry=options.geometry,
        mean=MEAN,
        std=STD,
    )
