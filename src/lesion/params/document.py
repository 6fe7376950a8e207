"""params.yaml as plain data: read, and cut into the part that one step may see."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from lesion.errors import InputError

NAME = Path("params.yaml")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it was built: a third of a second less


def read_yaml(path: Path = NAME) -> dict[str, Any]:
    """The file as plain data; InputError where it is missing or not a YAML mapping."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except FileNotFoundError:
        raise InputError(
            f"{path}: not in this folder; run lesion in the folder of a study (`audit` needs none)"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: a mapping is expected")
    return data


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message: ` (the nearest is …)` where a known name is like `name`, else the names if they are few."""
    names = [str(one) for one in known]
    if close := get_close_matches(name, names, n=1, cutoff=0.4):
        return f" (the nearest is {close[0]})"
    return f" ({', '.join(names)})" if 0 < len(names) <= 12 else ""


def cut(data: Mapping[str, Any], key: str) -> Any:
    """The part of the file at a dotted key.

    Raises
    ------
    InputError
        If there is no such key; the message has the nearest one that exists.
    """
    part: Any = data
    for depth, name in enumerate(key.split("."), 1):
        if not isinstance(part, Mapping) or name not in part:
            found = ".".join(key.split(".")[:depth])
            close = nearest(name, part) if isinstance(part, Mapping) else ""
            raise InputError(f"params.yaml: there is no {found}{close}")
        part = part[name]
    return part
