"""What a reader of a format is: the contract of the modules in `readers`, which mypy holds them to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lesion.audit.comparison.files.predictions import Predictions

BLOCK = 2**20  # bytes of text to a block; a few dozen blocks are held at a time


@dataclass(frozen=True)
class Reading:
    """What people say about a file that it does not tell itself. None: nothing was said.

    Attributes
    ----------
    block_size : bytes of text that are read at a time
    separator : what stands between the columns of a text file
    task : which tasks of a benchmark are read; all without
    filter : which filter's answers are read, of a benchmark with several
    metric : which metric tells whether an answer is right, of a benchmark with several
    classes : names of the classes 0, 1, …, of a file with numbers; of any format
    """

    block_size: int = BLOCK
    separator: str | None = None
    task: tuple[str, ...] = ()
    filter: str | None = None
    metric: str | None = None
    classes: tuple[str, ...] = ()


NOTHING_SAID = Reading()


class Reader(Protocol):
    """A module of `lesion.audit.comparison.files.readers`. It is imported to ask it, so it imports lazily what is slow.

    Attributes
    ----------
    ORDER : readers are asked in this order, those of special formats first
    READS : the names of files that it reads, as an error lists them
    TAKES : the options of `Reading` that it heeds, but for block_size and classes
    """

    @property
    def ORDER(self) -> int: ...  # noqa: D102, N802
    @property
    def READS(self) -> str: ...  # noqa: D102, N802
    @property
    def TAKES(self) -> tuple[str, ...]: ...  # noqa: D102, N802

    def recognises(self, path: Path, /) -> bool:
        """Whether this file or folder is of its format: by the name, and by the first bytes where names do not tell."""

    def read(self, path: Path, reading: Reading, /) -> Predictions:
        """All that the file holds, with its source; InputError in one line that names the file where that cannot be."""
