"""Examples in image files: a folder of classes, a flat folder, or a table of paths."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from lesion.data.decode import Pixels, read_image
from lesion.data.image_folder import class_folders, file_names, list_files
from lesion.deploy.given import Given
from lesion.deploy.preparing import Preparation
from lesion.errors import InputError

PATHS = ("path", "file", "image")
"""Names of the column that holds paths, the first that is there."""


def read_folder(folder: Path, preparation: Preparation) -> Given:
    """The images of a folder: with folders in it each is a class, by the rules of data sets; else there are no labels.

    Raises
    ------
    InputError
        Where there is no such folder, or a file in it is no image by its name.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of images")
    if any(entry.is_dir() and not entry.name.startswith(".") for entry in folder.iterdir()):
        classes = tuple(class_folders(folder))
        files, number = list_files(folder, "", classes)
        label = pa.array([classes[place] for place in number], pa.string())
        return _given(folder, folder, files, files, label, {}, preparation, folders=classes)
    files = pa.array(file_names(folder), pa.string())
    return _given(folder, folder, files, files, None, {}, preparation)


def read_table(table: Path, preparation: Preparation) -> Given:
    """The images that a CSV names: a path each, relative to the table's folder, and perhaps a label.

    Columns: `path` (or `file`, `image`), `label`, `example_id` (else the path); others are attributes.

    Raises
    ------
    InputError
        Where the file is no CSV, or has no column of paths.
    """
    text = csv.ConvertOptions(column_types={name: pa.string() for name in (*PATHS, "label", "example_id")})
    try:
        read = csv.read_csv(table, convert_options=text)
    except OSError as error:
        raise InputError(f"{table}: {error.strerror or error}") from None
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise InputError(f"{table}: not a readable CSV ({str(error).splitlines()[0]})") from None
    columns = {name: read.column(name).combine_chunks() for name in read.column_names}
    if not (chosen := [name for name in PATHS if name in columns]):
        raise InputError(f"{table}: has the columns {', '.join(columns)}; one called path is expected")
    files = columns.pop(chosen[0])
    ids, label = columns.pop("example_id", files), columns.pop("label", None)
    return _given(table, table.parent, files, ids, label, columns, preparation)


def _given(
    source: Path,
    root: Path,
    files: pa.Array,
    ids: pa.Array,
    label: pa.Array | None,
    attributes: dict[str, pa.Array],
    preparation: Preparation,
    *,
    folders: tuple[str, ...] | None = None,
) -> Given:
    if not len(files):
        raise InputError(f"{source}: has no image")

    def read(start: int, stop: int) -> dict[str, npt.NDArray[np.generic]]:
        pixels: Pixels = np.stack(
            [read_image(root / file, preparation.geometry) for file in files[start:stop].to_pylist()]
        )
        return {preparation.name: preparation(pixels)}

    return Given(source, len(files), read, ids, label, attributes, folders)
