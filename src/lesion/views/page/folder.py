"""The folder of an audit: its own files are replaced, and no others.

The files of one candidate lie in the folder itself. Those of several lie in a folder each, which the table of
candidates names: it is written before them and removed after them, so it names all that there are.
"""

import csv
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from lesion.artifacts.atomic import replacing
from lesion.artifacts.leftovers import is_leftover
from lesion.audit.candidates.naming import can_name_a_folder
from lesion.audit.gate.contract import FILES as VERDICT
from lesion.audit.registry import names
from lesion.errors import InputError

PAGE = "index.html"
MARK = b'<meta name="generator" content="lesion audit">'
CANDIDATES = "candidates.csv"
FIGURES = ("noise", "classes", "subgroups", "flips", "reliability")
OF_ALL = ("between.csv", "parts.csv", "facts.csv", "figures/candidates.svg", "figures/candidates.pdf")
"""Files on several candidates together, beside the table that names them."""
Writer = Callable[[Path], object]


def files_of_candidate() -> tuple[str, ...]:
    """The files that an audit may write of one candidate."""
    return (
        "summary.csv",
        *(f"{name}.{suffix}" for name in names() for suffix in ("csv", "parquet")),
        *(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("svg", "pdf")),
    )


def writer(content: bytes) -> Writer:
    """What writes these bytes to a path."""
    return lambda path: path.write_bytes(content)


def own_files(candidates: Iterable[str] = ()) -> tuple[str, ...]:
    """The files that an audit may write, in the order in which they are written, the page last.

    Parameters
    ----------
    candidates : the names of several, each with a folder of its own
    """
    below = (f"{name}/{file}" for name in candidates for file in files_of_candidate())
    return (CANDIDATES, *below, *files_of_candidate(), *OF_ALL, *VERDICT, PAGE)


def candidates_in(out: Path) -> tuple[str, ...]:
    """The candidates whose folders lie in `out`, as its table of candidates names them; none without a table."""
    try:
        with (out / CANDIDATES).open(encoding="utf-8", newline="") as file:
            found = [row.get("name") or "" for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error):
        return ()
    return tuple(name for name in found if can_name_a_folder(name))


def check_folder(out: Path, *, own: Collection[str] | None = None, mark: bytes = MARK) -> None:
    """Check, before any work, that a page and its files may be written to `out` and can be.

    Hidden files and folders (`.DS_Store`, `.ipynb_checkpoints`) and what file browsers leave behind are passed over.

    Parameters
    ----------
    own : the files that may be replaced; None: those of an audit
    mark : what a page begins with that may be replaced

    Raises
    ------
    InputError
        Where `out` is a file, holds anything that an audit did not write, or cannot be written.
    """
    try:
        _check_writable(out)
        mine = own_files(candidates_in(out)) if own is None else own
        foreign = _foreign(out, set(mine), mark)
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


def _foreign(out: Path, mine: Collection[str], mark: bytes) -> Path | None:
    """A file in the folder that may not be replaced, relative to it, if there is any."""
    there = {path.relative_to(out): path for path in sorted(out.rglob("*"))} if out.exists() else {}
    for name, path in there.items():
        if any(map(is_leftover, name.parts)):
            continue
        own = name.as_posix() in mine
        if path.is_dir() and not own:
            continue
        if not own or not path.is_file() or (name.name == PAGE and mark not in path.read_bytes()[:4096]):
            return name
    return None


def write_folder(out: Path, writers: Mapping[str, Writer], *, own: Collection[str] | None = None) -> None:
    """Write each file whole or not at all; the page goes first and comes last, so where it is, all of it is.

    Parameters
    ----------
    writers : name of a file in the folder → what writes it to a path; the page among them
    own : files that are removed where nothing writes them; None: those of an audit
    """
    (out / PAGE).unlink(missing_ok=True)
    for name in own_files(candidates_in(out)) if own is None else own:  # of an earlier run
        if name not in writers and name != CANDIDATES:
            (out / name).unlink(missing_ok=True)
            _remove_empty(out / name, out)
    if CANDIDATES not in writers:
        (out / CANDIDATES).unlink(missing_ok=True)
    for name in sorted(writers, key=lambda name: (name != CANDIDATES, name == PAGE)):
        with replacing(out / name) as temporary:
            writers[name](temporary)


def _remove_empty(path: Path, out: Path) -> None:
    """Remove the folders between a file that is gone and `out` that hold nothing any more."""
    for above in path.relative_to(out).parents[:-1]:
        folder = out / above
        if not folder.is_dir() or os.listdir(folder):  # noqa: PTH208
            return
        folder.rmdir()
