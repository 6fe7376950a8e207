"""Checkpoints: the tensors of all members of a shard in one safetensors file, keys `<member>/<tensor>`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lesion.artifacts.atomic import replacing
from lesion.artifacts.provenance import facts, provenance
from lesion.errors import InputError


def write_checkpoint(path: Path, members: Mapping[int, Mapping[str, Tensor]], /, **known: Any) -> None:
    """Write the tensors of each member, with `known` (study, variant, seeds, …) in the metadata."""
    tensors = {
        f"{member}/{name}": tensor.contiguous() for member, named in members.items() for name, tensor in named.items()
    }
    with replacing(path) as temporary:
        save_file(tensors, temporary, provenance(**known))


def read_facts(path: Path) -> dict[str, Any]:
    """The facts in a checkpoint's metadata; InputError where the file cannot be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return facts(file.metadata())
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable checkpoint ({error})") from None


def read_members(path: Path) -> Iterator[tuple[int, dict[str, Tensor]]]:
    """Each member's number and tensors, in order of member; one member in memory at a time.

    Raises
    ------
    InputError
        Where the file is missing, truncated or not safetensors.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names: dict[int, list[str]] = {}
            for key in sorted(file.keys()):
                member, _, _ = key.partition("/")
                if not member.isdecimal():
                    raise InputError(f"{path}: tensor {key} is of no member, <member>/<tensor> expected")
                names.setdefault(int(member), []).append(key)
            for member in sorted(names):
                yield member, {key.partition("/")[2]: file.get_tensor(key) for key in names[member]}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable checkpoint ({error})") from None
