"""Records in JSON: a line each, or a list of them."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from lesion.artifacts.csv_header import not_utf8, refuse_utf16
from lesion.errors import InputError

Record = dict[str, Any]


def open_text(path: Path) -> IO[str]:
    """The text of a file in UTF-8, unpacked where its name ends in .gz."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def records(path: Path) -> Iterator[tuple[int, Record]]:
    """The number of each line that is not empty, or place in the list, and the object that it holds.

    Raises
    ------
    InputError
        Where the file is not JSON in UTF-8, or holds anything but objects; the message names the line.
    """
    refuse_utf16(path)
    with open_text(path) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                if number == 1 and line.lstrip().startswith("["):
                    yield from _listed(path, line + lines.read())
                    return
                if line.strip():
                    yield number, _object(path, number, json.loads(line))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}: line {number} is not JSON ({error.msg}); is the file cut off?") from None
        except UnicodeDecodeError:
            raise not_utf8(path) from None


def _listed(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    for number, each in enumerate(json.loads(text), start=1):
        yield number, _object(path, number, each)


def _object(path: Path, number: int, value: Any) -> Record:
    if not isinstance(value, dict):
        raise InputError(f"{path}: record {number} holds {type(value).__name__}; a JSON object expected")
    return value


def table(path: Path) -> pa.Table:
    """All records as a table; a key that a record lacks is null. It is held in memory.

    Numbers stay numbers where all values of a key are; else all are text, as a CSV file would hold them. Of lists only
    those of numbers are kept.
    """
    found = [record for _, record in records(path)]
    if not found:
        raise InputError(f"{path}: holds no rows")
    names = dict.fromkeys(name for record in found for name in record)
    return pa.table({name: _array([record.get(name) for record in found]) for name in names})


def _array(values: Sequence[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} or kinds == {str}:
        return pa.array(values)
    if kinds <= {int, float}:
        try:
            return pa.array(values, pa.float64() if float in kinds else pa.int64())
        except (OverflowError, pa.ArrowInvalid):  # names made of digits
            return pa.array([None if value is None else str(value) for value in values])
    if list in kinds or dict in kinds:
        numbers = all(value is None or (isinstance(value, list) and _numbers(value)) for value in values)
        return pa.array(values, pa.list_(pa.float64())) if numbers else pa.nulls(len(values), pa.list_(pa.string()))
    return pa.array([value if value is None or isinstance(value, str) else str(value) for value in values])


def _numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
