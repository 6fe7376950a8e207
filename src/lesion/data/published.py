"""Reads published corrupted images: CIFAR-10-C's arrays and ImageNet-C's folders (Hendrycks & Dietterich 2019)."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lesion.data.dataset import Geometry
from lesion.data.image_folder import class_folders, list_files
from lesion.data.images import FileImages, Images, PackedImages
from lesion.errors import InputError

SEVERITIES = 5
LABELS = "labels.npy"

Labels = npt.NDArray[np.int64]


def read_array(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Open a NumPy file as a memory map; InputError if it is missing or a pickle."""
    try:
        array: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; an array of published corrupted images is expected") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: not a readable NumPy array ({error})") from None
    return array


def packed_copy(root: Path, name: str, severity: int, label: Labels) -> PackedImages:
    """The images of CIFAR-10-C at severity s: rows (s − 1) n to s n of `name`.npy, for n test images.

    Raises
    ------
    InputError
        If an array is missing or has another shape, or if its labels differ from those of the test images.
    """
    count, path = len(label), root / f"{name}.npy"
    rows = slice((severity - 1) * count, severity * count)
    images, told = read_array(path), read_array(root / LABELS)
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != SEVERITIES * count:
        expected = f"uint8 ({SEVERITIES * count}, height, width, channels) expected, of {count} test images"
        raise InputError(f"{path}: {images.dtype} {images.shape}, {expected}")
    if told.shape != (SEVERITIES * count,):
        raise InputError(f"{root / LABELS}: {told.shape}, {(SEVERITIES * count,)} expected")
    if (wrong := np.flatnonzero(told[rows] != label)).size:
        first = f"{told[rows][wrong[0]]} for {label[wrong[0]]} at test image {wrong[0]}"
        raise InputError(
            f"{root / LABELS}: {wrong.size} of {count} labels differ from those of the test images, first {first}:"
            " the images are expected in the published order"
        )
    return PackedImages(np.asarray(images[rows], dtype=np.uint8))


def folder_of(root: Path, name: str) -> Path:
    """Folder of a corruption of ImageNet-C: in `root`, or in a group there (noise, blur, weather, digital, extra)."""
    places = [root / name, *(root / group / name for group in class_folders(root).values())]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise InputError(f"{root / name}: missing; a folder of published corrupted images is expected")
    return found


def open_published(
    root: Path,
    corruption: str,
    severity: int,
    *,
    class_ids: tuple[str, ...],
    label: Labels,
    geometry: Geometry | None,
) -> tuple[Images, Labels]:
    """The published images of one corruption (a name with dashes) at one severity (1 to 5), and their labels.

    Without `geometry` the set is packed (CIFAR-10-C): the images are the test images in order, with labels `label`
    (n,). With `geometry` it consists of files (ImageNet-C) in `<corruption>/<severity>/<class id>/`. There may be fewer
    of them than test images, of each class that has test images, and folders of other classes are ignored.

    Raises
    ------
    InputError
        If the corruption, the severity or a class is missing, or if labels differ from those of the test images.
    """
    name = corruption.replace("-", "_")
    if geometry is None:
        return packed_copy(root, name, severity, label), label
    where = folder_of(root, name) / str(severity)
    files, labels = list_files(where, "", class_ids)
    if (absent := np.setdiff1d(label, labels)).size:
        raise InputError(f"{where / class_ids[absent[0]]}: missing; images of each class are expected")
    return FileImages(where, files, geometry), labels.astype(np.int64)
