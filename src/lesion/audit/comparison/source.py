"""Which file predictions were read from, so that a verdict can name its inputs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A file that predictions were read from.

    Attributes
    ----------
    path : as it was given
    sha256 : of its bytes, 64 hexadecimal digits; of a folder, of the names and digests of the files that were read
    size : bytes
    read_as : what it was read as, for people: "CSV, separated by semicolons: one row a model and example"
    """

    path: Path
    sha256: str
    size: int
    read_as: str


def source(path: Path, read_as: str) -> Source:
    """The source that a file is; reads its bytes once."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(path, digest, path.stat().st_size, read_as)


def source_of_files(path: Path, files: Sequence[Path], read_as: str) -> Source:
    """The source that a folder is, of which these files were read; of a single file, that file's."""
    if list(files) == [path]:
        return source(path, read_as)
    parts = [source(file, "") for file in files]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.path.relative_to(path).as_posix()}\0{part.sha256}\n".encode())
    return Source(path, digest.hexdigest(), sum(part.size for part in parts), read_as)
