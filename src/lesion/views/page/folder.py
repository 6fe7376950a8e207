"""The folder of an audit: its own files are replaced, and no others."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from lesion.artifacts.atomic import replacing
from lesion.errors import InputError

PAGE = "index.html"
MARK = b'<meta name="generator" content="lesion audit">'
FIGURES = ("noise", "classes", "subgroups")
FILES = (
    *("impact.csv", "pie.parquet", "pie.csv", "subgroups.csv", "null.csv", "effects.csv", "summary.csv"),
    *(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("svg", "pdf")),
)
Writer = Callable[[Path], object]


def check_folder(out: Path) -> None:
    """Raise InputError where `out` is a file, or holds anything that an audit did not write."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; a folder expected, new or of an earlier audit")
    if not out.exists():
        return
    there = sorted(path for path in out.rglob("*") if not path.is_dir())
    own = {out / name for name in (*FILES, PAGE)}
    foreign = [path for path in there if path not in own]
    page = out / PAGE
    if page in there and MARK not in page.read_bytes()[:4096]:
        foreign.append(page)
    if foreign:
        raise InputError(
            f"{out}: holds {foreign[0].relative_to(out)}, which no audit wrote; a new or empty folder expected"
        )


def write_folder(out: Path, writers: Mapping[str, Writer]) -> None:
    """Write each file whole or not at all; the page goes first and comes last, so where it is, all of it is.

    Parameters
    ----------
    writers : name of a file in the folder → what writes it to a path; the page among them
    """
    (out / PAGE).unlink(missing_ok=True)
    for name in (*FILES, PAGE):
        if name in writers:
            with replacing(out / name) as temporary:
                writers[name](temporary)
        else:
            (out / name).unlink(missing_ok=True)  # of an earlier audit
    if (out / "figures").is_dir() and not os.listdir(out / "figures"):  # noqa: PTH208
        (out / "figures").rmdir()
