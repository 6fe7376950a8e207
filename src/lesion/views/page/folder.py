"""The folder of an audit: its own files are replaced, and no others."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from lesion.artifacts.atomic import replacing
from lesion.artifacts.leftovers import is_leftover
from lesion.audit.registry import names
from lesion.errors import InputError

PAGE = "index.html"
MARK = b'<meta name="generator" content="lesion audit">'
FIGURES = ("noise", "classes", "subgroups", "flips", "reliability")
Writer = Callable[[Path], object]


def own_files() -> tuple[str, ...]:
    """The files that an audit may write, the page last."""
    return (
        "summary.csv",
        *(f"{name}.{suffix}" for name in names() for suffix in ("csv", "parquet")),
        *(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("svg", "pdf")),
        PAGE,
    )


def check_folder(out: Path) -> None:
    """Check, before any work, that an audit may be written to `out` and can be.

    Hidden files and folders (`.DS_Store`, `.ipynb_checkpoints`) and what file browsers leave behind are passed over.

    Raises
    ------
    InputError
        Where `out` is a file, holds anything that an audit did not write, or cannot be written.
    """
    try:
        _check_writable(out)
        foreign = _foreign(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from None
    if foreign is not None:
        raise InputError(f"{out}: holds {foreign}, which no audit wrote; a new or empty folder expected")


def _check_writable(out: Path) -> None:
    """Make a file without a name in `out`, or in the nearest folder above it that exists."""
    nearest = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise InputError(f"{nearest}: is a file; a folder expected, new or of an earlier audit")
    with tempfile.TemporaryFile(dir=nearest):
        pass


def _foreign(out: Path) -> Path | None:
    """A file in the folder that no audit wrote, relative to it, if there is any."""
    there = {path.relative_to(out): path for path in sorted(out.rglob("*"))} if out.exists() else {}
    for name, path in there.items():
        if any(map(is_leftover, name.parts)):
            continue
        own = name.as_posix() in own_files()
        if path.is_dir() and not own:
            continue
        if not own or not path.is_file() or (name.name == PAGE and MARK not in path.read_bytes()[:4096]):
            return name
    return None


def write_folder(out: Path, writers: Mapping[str, Writer]) -> None:
    """Write each file whole or not at all; the page goes first and comes last, so where it is, all of it is.

    Parameters
    ----------
    writers : name of a file in the folder → what writes it to a path; the page among them
    """
    (out / PAGE).unlink(missing_ok=True)
    for name in own_files():
        if name in writers:
            with replacing(out / name) as temporary:
                writers[name](temporary)
        else:
            (out / name).unlink(missing_ok=True)  # of an earlier audit
    if (out / "figures").is_dir() and not os.listdir(out / "figures"):  # noqa: PTH208
        (out / "figures").rmdir()
