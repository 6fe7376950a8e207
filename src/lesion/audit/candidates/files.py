"""Comparisons of the files of several candidates with that of the dense models, which is read once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.files.contract import NOTHING_SAID, Reading
from lesion.audit.comparison.files.read import read, refuse_unheeded
from lesion.audit.comparison.from_files import from_predictions
from lesion.audit.comparison.sanity.same_file import refuse_same


def from_files(
    dense: Path, compressed: Mapping[str, Path], *, reading: Reading = NOTHING_SAID, **known: Any
) -> Iterator[tuple[str, Comparison]]:
    """The name and the comparison of each candidate, one after the other.

    Parameters
    ----------
    compressed : name of a candidate → its file
    reading : what the files do not tell themselves
    known : design, seed, study and variant, as in `Comparison`

    Raises
    ------
    InputError
        Where a file cannot be read, or does not fit the dense one; the message names the file.
    """
    for path in compressed.values():
        refuse_same(dense, path)
    refuse_unheeded((dense, *compressed.values()), reading)
    before = read(dense, reading)
    for name, path in compressed.items():
        yield name, from_predictions(before, read(path, reading), paths=(dense, path), **known)
