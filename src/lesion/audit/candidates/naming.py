"""What candidates are called: by who gives them, or by their files."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from lesion.artifacts.leftovers import is_leftover
from lesion.errors import InputError

LONGEST = 200  # bytes of a name: most file systems take 255 of a folder
SUFFIXES = (".csv", ".parquet", ".html", ".json", ".md", ".xml")
RESERVED = {"dense": "what all candidates are compared with", "figures": "a folder of the audit itself"}


def named_files(given: Sequence[str]) -> dict[str, Path]:
    """Name → file of each candidate, from texts such as `int8=int8.csv`, or `int8.csv`, which is called int8.

    A path that exists is a file, whatever signs it holds.

    Raises
    ------
    InputError
        Where a name is empty or given twice, or a file is; where several are given, or one with its name, also where a
        name cannot be that of a folder.
    """
    names, paths = [], []
    for text in given:
        name, told, file = text.partition("=")
        told = told if not Path(text).exists() else ""
        if told and not (name.strip() and file):
            raise InputError(f"--compressed {text}: a name, = and a file expected, as in int8=int8.csv")
        paths.append(Path(file if told else text))
        names.append(name.strip() if told else stem(paths[-1]))
        if told:
            check_name(names[-1])
    _refuse_twice(names, paths)
    if len(names) > 1:
        check_names(names)
    return dict(zip(names, paths, strict=True))


def stem(path: Path) -> str:
    """The name of a file without its suffix, `.csv.gz` being one; that of a folder whole."""
    name = path.name if path.is_dir() or path.suffix.lower() != ".gz" else path.name[: -len(".gz")]
    bare = name if path.is_dir() else Path(name).stem
    return os.fsencode(bare).decode("utf-8", "replace")


def check_names(names: Iterable[str]) -> None:
    """Raise InputError where one of several names cannot be that of a folder, or two would be one folder."""
    seen: dict[str, str] = {}
    for name in names:
        check_name(name)
        folder = unicodedata.normalize("NFC", name).casefold()  # some file systems take these for the same
        if folder in seen:
            raise InputError(f"candidates: {seen[folder]} and {name} are one name; give each its own, as in int8=a.csv")
        seen[folder] = name


def check_name(name: str) -> None:
    """Raise InputError where a folder cannot be called so."""
    if (why := _why_not(name)) is not None:
        raise InputError(f"candidates: {name!r} cannot be a name, {why}")


def can_name_a_folder(name: str) -> bool:
    """Whether `check_name` takes it."""
    return _why_not(name) is None


def _why_not(name: str) -> str | None:
    if not name.strip():
        return "it is empty"
    if name != name.strip():
        return "it begins or ends with a blank"
    if any(sign in "/\\" or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in name):
        return "it holds a slash, or a sign that cannot be seen"
    if is_leftover(name):
        return "folders of such names belong to the desktop or are hidden"
    if name.casefold().endswith(SUFFIXES):
        return "it ends as a file of the audit does"
    if name.casefold() in RESERVED:
        return f"it is {RESERVED[name.casefold()]}"
    if len(name.encode()) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    return None


def _refuse_twice(names: Sequence[str], paths: Sequence[Path]) -> None:
    for place, (name, path) in enumerate(zip(names, paths, strict=True)):
        for earlier, other in zip(names[:place], paths[:place], strict=True):
            if _same(path, other):
                raise InputError(f"{path}: is the same file as {other}; another one for each candidate expected")
            if name == earlier:
                raise InputError(
                    f"candidates: {other} and {path} are both called {name}; give each its own name, as in int8={path}"
                )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # its reader tells why
        return False
