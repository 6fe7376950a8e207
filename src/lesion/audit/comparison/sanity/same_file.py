"""One file given for both sides."""

import filecmp
from pathlib import Path

from lesion.errors import InputError


def refuse_same(dense: Path, compressed: Path) -> None:
    """Two paths that lead to two files, which differ in some byte. A file that cannot be read is told by its reader.

    Raises
    ------
    InputError
        Otherwise.
    """
    try:
        same = dense.samefile(compressed)
        copied = not same and filecmp.cmp(dense, compressed, shallow=False)
    except OSError:
        return
    if same:
        raise InputError(f"{compressed}: is the same file as {dense}; one of each side expected")
    if copied:
        raise InputError(
            f"{compressed}: is {dense} byte for byte, so no answer differs; if two models gave it, they are the same to"
            " the last digit, and there is nothing to audit"
        )
