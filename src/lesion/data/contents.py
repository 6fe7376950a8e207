"""What image files hold, a size and a digest each: it tells a file that was changed or removed since `data` ran.

Every file is read once. The sizes and times of that reading are kept beside the artifact in a hidden file that neither
engine declares, and a file that has them still is not read again, as git's index works. Artifacts hold no times: a
folder that was copied or touched has the same contents, which one more reading finds.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lesion.artifacts.arrays import Arrays, read_arrays, write_arrays
from lesion.errors import InputError
from lesion.progress import progress

if TYPE_CHECKING:
    import pyarrow as pa

SIZE, DIGEST, TIME = "size", "digest", "time"
MISSING = -1
CHUNK = 1000
THREADS = 16  # they wait for the disk, mostly

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Folder:
    """Image files of a folder, of which an artifact tells.

    Attributes
    ----------
    root : the folder
    files : (n,) text, relative to `root`
    listing : `listing` of the files
    artifact : the file that tells of them
    """

    root: Path
    files: pa.Array
    listing: str
    artifact: Path

    @property
    def kept(self) -> Path:
        """The hidden file of sizes, times and digests; made where it is missing."""
        return self.artifact.with_name(f".{self.artifact.stem}.times.safetensors")

    @property
    def stamp(self) -> str:
        """What `kept` belongs to."""
        return f"{self.listing} {self.root.resolve()}"


def listing(files: pa.Array) -> str:
    """A digest of the names of files, in order."""
    digest = hashlib.sha256()
    for start in range(0, len(files), CHUNK):
        digest.update("".join(f"{name}\0" for name in files.slice(start, CHUNK).to_pylist()).encode())
    return digest.hexdigest()[:32]


def record(root: Path, files: pa.Array, artifact: Path) -> tuple[Arrays, dict[str, str]]:
    """What `artifact` is to tell of `files`: the arrays of `read_contents`, the `listing`, and one digest, `content`.

    Raises
    ------
    InputError
        Names the first file that is missing, empty or cannot be read.
    """
    folder = Folder(root, files, listing(files), artifact)
    found = read_contents(folder)
    if (missing := np.flatnonzero(found[SIZE] == MISSING)).size:
        raise InputError(f"{root / files[int(missing[0])].as_py()}: the image is missing")
    if (empty := np.flatnonzero(found[SIZE] == 0)).size:
        raise InputError(f"{root / files[int(empty[0])].as_py()}: the file is empty, an image is expected")
    parts = folder.listing.encode() + found[SIZE].tobytes() + found[DIGEST].tobytes()
    return found, {"listing": folder.listing, "content": hashlib.sha256(parts).hexdigest()[:32]}


def check(folder: Folder, recorded: Arrays, rows: Rows | None = None, *, study: str) -> None:
    """InputError where a file of `rows` (all of them where None) is not as `record` found it."""
    if (changed := first_change(folder, recorded, rows)) is not None:
        raise InputError(f"{changed} since `lesion data --study {study}` ran; put them back, or run it again")


def read_contents(folder: Folder, rows: Rows | None = None) -> Arrays:
    """What the files of `rows` (all of them where None) hold: those are read whose size or time is not the kept one.

    Returns `size` int64 (rows,), in bytes, -1 where the file is missing, and `digest` uint64 (rows,), the first eight
    bytes of SHA-256, 0 where it is missing.

    Measured with files in memory: a file that is not read takes 3 µs of a core, one that is read 25 µs and 1.4 ms a
    megabyte. For ImageNet's 1.3 million files, 140 GB, that is 4 s, and 4 minutes of one core, spread over threads.

    Raises
    ------
    InputError
        Names the first file that cannot be read.
    """
    rows = np.arange(len(folder.files)) if rows is None else rows
    known = _kept(folder)
    if len(_stale(folder, rows, known)):
        from filelock import FileLock  # the gallery of packed images need not import it

        folder.kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.kept.with_suffix(".lock")):  # the others wait for the one that reads, and need not
            known = _kept(folder)
            stale = _stale(folder, rows, known)
            if len(stale):
                _read(folder, stale, known)
                write_arrays(folder.kept, known, stamp=folder.stamp)
    return {SIZE: known[SIZE][rows], DIGEST: known[DIGEST][rows]}


def first_change(folder: Folder, recorded: Arrays, rows: Rows | None = None) -> str | None:
    """A line that names the first file of `rows` that is not as `recorded`, and says how many; None where none is.

    `recorded` has the arrays of `record`.
    """
    rows = np.arange(len(folder.files)) if rows is None else rows
    found = read_contents(folder, rows)
    size, digest = recorded[SIZE][rows], recorded[DIGEST][rows]
    changed = np.flatnonzero((found[SIZE] != size) | (found[DIGEST] != digest))
    if not len(changed):
        return None
    first = int(changed[0])
    if found[SIZE][first] == MISSING:
        what = "is missing"
    elif found[SIZE][first] != size[first]:
        what = f"has {found[SIZE][first]} bytes and had {size[first]}"
    else:
        what = "has other bytes than it had"
    file = folder.root / folder.files[int(rows[first])].as_py()
    return f"{file}: {what}; {len(changed)} of {len(rows)} image files are changed or missing"


def _kept(folder: Folder) -> Arrays:
    """Sizes, times and digests by the last reading; as of missing files where there was none of these files."""
    try:
        arrays, facts = read_arrays(folder.kept)
        if facts.get("stamp") == folder.stamp:
            return arrays
    except InputError:  # it may be lost at any time
        pass
    count = len(folder.files)
    return {
        SIZE: np.full(count, MISSING, np.int64),
        TIME: np.zeros(count, np.int64),
        DIGEST: np.zeros(count, np.uint64),
    }


def _stale(folder: Folder, rows: Rows, known: Arrays) -> Rows:
    """Those of `rows` whose size or time is not the kept one."""

    def stale(chunk: Rows) -> Rows:
        names = folder.files.take(chunk).to_pylist()
        found = np.array([_stat(os.path.join(folder.root, name)) for name in names], np.int64)  # noqa: PTH118
        changed = (found[:, 0] != known[SIZE][chunk]) | (found[:, 1] != known[TIME][chunk])
        return np.asarray(chunk[changed])

    with ThreadPoolExecutor(THREADS) as threads:
        parts = list(threads.map(stale, _chunks(rows)))
    return np.concatenate([np.zeros(0, np.intp), *parts])


def _read(folder: Folder, rows: Rows, known: Arrays) -> None:
    """Read the files of `rows` and put what is found into `known`."""

    def read(chunk: Rows) -> list[tuple[int, int, int]]:
        return [_content(folder.root / name) for name in folder.files.take(chunk).to_pylist()]

    chunks = _chunks(rows)
    bar = "thousand image files"
    with ThreadPoolExecutor(THREADS) as threads, progress(**{bar: len(chunks)}) as advance:
        for chunk, found in zip(chunks, threads.map(read, chunks), strict=True):
            size, time, digest = zip(*found, strict=True)
            known[SIZE][chunk], known[TIME][chunk], known[DIGEST][chunk] = size, time, np.array(digest, np.uint64)
            advance[bar]()


def _chunks(rows: Rows) -> list[Rows]:
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]


def _stat(path: str | Path) -> tuple[int, int]:
    """Size and time of a file, as of a missing one where there is none; InputError where they cannot be known."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return MISSING, 0
    except OSError as error:
        raise InputError(f"{path}: not a readable file ({error.strerror})") from None
    return found.st_size, found.st_mtime_ns


def _content(path: Path) -> tuple[int, int, int]:
    size, time = _stat(path)
    if size == MISSING:
        return MISSING, 0, 0
    try:
        digest = hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        raise InputError(f"{path}: not a readable file ({error.strerror})") from None
    return size, time, int.from_bytes(digest[:8], "little")
