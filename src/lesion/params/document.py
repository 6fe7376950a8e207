"""params.yaml as plain data: read, and cut into the part that one step may see."""

from collections.abc import Mapping
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
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: a mapping is expected")
    return data


def cut(data: Mapping[str, Any], key: str) -> Any:
    """The part of the file at a dotted key; InputError where there is none."""
    part: Any = data
    for name in key.split("."):
        if not isinstance(part, Mapping) or name not in part:
            raise InputError(f"params.yaml: there is no {key}")
        part = part[name]
    return part
