"""Pretrained: members that were trained elsewhere, taken from checkpoints on disk and not trained.

For populations that others published, dense or pruned. What is quantised here is derived from such dense members as
from any. A checkpoint is safetensors or a state dict that `torch.save` wrote, read without executing what it holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from lesion.artifacts import paths
from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

KIND = "trained"

NESTED = ("state_dict", "model_state_dict", "model")  # where training scripts keep the weights among other things
WRAPPERS = ("module.", "_orig_mod.")  # what DataParallel and torch.compile put before each name


class Options(Settings):
    """Where a member lies: a path with `{study}` and `{member}` in it, environment variables and ~ looked up."""

    files: str = Field(min_length=1)

    @field_validator("files")
    @classmethod
    def _names_the_member(cls, files: str) -> str:
        try:
            distinct = files.format(study="s", member=0) != files.format(study="s", member=1)
        except (KeyError, IndexError, ValueError):
            distinct = False
        if not distinct:
            raise ValueError("a path with {member} in it, and perhaps {study}, is expected")
        return files


def path(options: Options, *, study: str, member: int) -> Path:
    """The checkpoint of a member."""
    return paths.named(options.files.format(study=study, member=member))


def read_state(file: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, wrappers' prefixes taken off.

    Raises
    ------
    InputError
        Where the file is missing, is neither format, or holds something that would have to be executed.
    """
    import warnings

    import torch
    from safetensors.torch import load_file

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{file}: the checkpoint is missing") from None
    except Exception as error:  # bytes that are no checkpoint make the reader fail in any way
        why = str(error).strip().partition("\n")[0]
        raise InputError(f"{file}: not a checkpoint of tensors alone ({type(error).__name__}: {why})") from None
    for key in NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise InputError(f"{file}: a state dict is expected, of tensors by name")
    for wrapper in WRAPPERS:
        if found and all(name.startswith(wrapper) for name in found):
            found = {name.removeprefix(wrapper): tensor for name, tensor in found.items()}
    return found


def load_member(options: Options, *, study: str, member: int) -> dict[str, Tensor]:
    """The weights of a member, by the names of its checkpoint."""
    return read_state(path(options, study=study, member=member))
