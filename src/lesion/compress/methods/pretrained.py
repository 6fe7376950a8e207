"""Pretrained: members that were trained elsewhere, taken from checkpoints on disk and not trained.

For populations that others published, dense or pruned. What is quantised here is derived from such dense members as
from any. A checkpoint is safetensors or a state dict that `torch.save` wrote (`models.checkpoint_files`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from lesion.artifacts import paths
from lesion.compress.plain import restorer as restorer
from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """Where a member lies, and what of it is taken.

    Attributes
    ----------
    files : a path with `{member}` and perhaps `{study}` in it, environment variables and ~ looked up; a path without
        `{member}` is the one member, number 0, of a population of one
    key : which tensors of a file with several state dicts (`state_dict_ema`, `ema/shadow`), or a prefix of names
    names : the CSV file that maps names in the checkpoint to those of the network, as `lesion names` writes it
    """

    files: str = Field(min_length=1)
    key: str | None = Field(default=None, min_length=1)
    names: str | None = Field(default=None, min_length=1)

    @field_validator("files")
    @classmethod
    def _has_known_names(cls, files: str) -> str:
        try:
            files.format(study="s", member=0)
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ValueError("a path is expected, with nothing but {member} and {study} in braces") from None
        return files


def path(options: Options, *, study: str, member: int) -> Path:
    """The checkpoint of a member; InputError where the path names none and this is not member 0."""
    if member and options.files.format(study=study, member=0) == options.files.format(study=study, member=member):
        raise InputError(f"{options.files}: {{member}} is expected in this path, for there is a member {member}")
    return paths.named(options.files.format(study=study, member=member))


def read_files(options: Options, *, study: str, members: Sequence[int]) -> list[Path]:
    """All files that these members are read from: checkpoints, what an index lists, and the map of names."""
    from lesion.models.checkpoint_parts import parts

    found: dict[Path, None] = {}
    for member in members:
        file = path(options, study=study, member=member)
        found |= dict.fromkeys([file, *parts(file)])
    return [*found, *([paths.named(options.names)] if options.names else [])]


def load_member(options: Options, *, study: str, member: int) -> dict[str, Tensor]:
    """The weights of a member, by the names of its checkpoint."""
    from lesion.models.checkpoint_files import read_state

    return read_state(path(options, study=study, member=member), options.key)


def load_names(options: Options) -> dict[str, str]:
    """The map from names in the checkpoint to those in the network; empty if there is none."""
    from lesion.models.name_map import read_names

    return read_names(paths.named(options.names)) if options.names else {}
