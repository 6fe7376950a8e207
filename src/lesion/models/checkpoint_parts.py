"""A checkpoint in several files, which an index lists as Hugging Face's transformers write it."""

import json
from pathlib import Path

from lesion.errors import InputError


def parts(file: Path) -> list[Path]:
    """The files that hold the tensors of a checkpoint: itself, or those beside it that it lists as an index.

    Raises
    ------
    InputError
        If the index is damaged or names files in other folders.
    """
    try:
        with file.open("rb") as opened:
            if not opened.read(1).startswith(b"{"):
                return [file]
            index = json.loads(b"{" + opened.read())
        names = sorted(set(index["weight_map"].values()))
        if any(Path(name).name != name for name in names):
            raise InputError(f"{file}: files beside this index are expected, not in other folders")
    except OSError:
        return [file]  # reading it says why
    except (ValueError, LookupError, TypeError, AttributeError):
        return [file]  # some other JSON text
    return [file.with_name(name) for name in names]
