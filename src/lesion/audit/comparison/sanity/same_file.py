"""One file given for both sides."""

from pathlib import Path

from lesion.errors import InputError


def refuse_same(dense: Path, compressed: Path) -> None:
    """Two paths that lead to two files. A copy is no mistake for sure: float16 may change no answer (`notes`).

    Raises
    ------
    InputError
        Otherwise.
    """
    try:
        same = dense.samefile(compressed)
    except OSError:  # its reader tells why
        return
    if same:
        raise InputError(f"{compressed}: is the same file as {dense}; one of each side expected")
