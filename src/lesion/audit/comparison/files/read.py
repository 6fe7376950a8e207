"""Read predictions of any format: the module in `readers` that recognises a file reads it."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from lesion.audit.comparison.files import readers
from lesion.audit.comparison.files.called import with_class_names
from lesion.audit.comparison.files.contract import BLOCK, Reader, Reading
from lesion.audit.comparison.files.predictions import Predictions
from lesion.errors import InputError

OF_ANY_FORMAT = {"block_size", "classes"}


def all_readers() -> list[Reader]:
    """The readers, in the order in which they are asked."""
    found = [import_module(f"{readers.__name__}.{module.name}") for module in iter_modules(readers.__path__)]
    return sorted((cast(Reader, module) for module in found), key=lambda reader: reader.ORDER)


def read_predictions(
    path: str | Path,
    *,
    block_size: int = BLOCK,
    separator: str | None = None,
    task: Sequence[str] = (),
    filter: str | None = None,
    metric: str | None = None,
    classes: Sequence[str] = (),
) -> Predictions:
    """Read the predictions of one population (formats: docs/AUDIT.md).

    Parameters
    ----------
    path : a file, or a folder of one format
    block_size : bytes of text that are read at a time
    separator : what stands between the columns of a text file; without, the header tells
    task : which tasks of a benchmark's log are read; all without
    filter : which filter's answers are read, where a log has several
    metric : which metric tells whether an answer is right, where a log has several that disagree
    classes : names of the classes 0, 1, …, of a file with numbers

    Raises
    ------
    InputError
        Where the file cannot be read, or is not one prediction of each member for each example.
    """
    return read(Path(path), Reading(block_size, separator, tuple(task), filter, metric, tuple(classes)))


def read(path: Path, reading: Reading) -> Predictions:
    """The same, with what is said about the file as one thing."""
    found = reader_of(path).read(path, reading)
    return with_class_names(found, reading.classes, path) if reading.classes else found


def reader_of(path: Path) -> Reader:
    """The reader that recognises a file; InputError where none does."""
    known = all_readers()
    for reader in known:
        if reader.recognises(path):
            return reader
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    names = ", ".join(reader.READS for reader in reversed(known))
    if path.is_dir():
        raise InputError(f"{path}: is a folder without logs; {names} expected")
    raise InputError(f"{path}: the name ends in {path.suffix or 'no suffix'}, {names} expected")


def refuse_unheeded(paths: Iterable[Path], reading: Reading) -> None:
    """Refuse an option that none of the files is of a format for.

    Raises
    ------
    InputError
        Where there is one; the message names it.
    """
    said = [field.name for field in fields(Reading) if field.name not in OF_ANY_FORMAT and getattr(reading, field.name)]
    if not said:
        return
    heeded = {name for path in paths for name in reader_of(path).TAKES}
    if unheeded := [name for name in said if name not in heeded]:
        raise InputError(f"--{unheeded[0]}: none of the files is of a format that has one")
