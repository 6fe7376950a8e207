"""Finds the state dict of a network in what a training script stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from lesion.errors import InputError

NESTED = ("state_dict", "model_state_dict", "model", "net", "network")
"""Keys under which training scripts store the weights, also nested."""

DEEPEST = 4  # levels of nesting; a pickle may contain itself

StateDict = Mapping[Any, Any]


def select(found: Mapping[Any, Any], file: Path, key: str | None = None) -> dict[str, Tensor]:
    """The tensors of one network by name, from all that a file holds; `key` as of `checkpoint_files.read_state`.

    Without `key` it is the state dict under keys of `NESTED`, else the only one. A copy of it under another key, such
    as a moving average of the weights, could be meant as well, so one of both must be named.

    Raises
    ------
    InputError
        If there is no state dict, or several could be meant.
    """
    everywhere = _state_dicts(found)
    if key is not None:
        return _named(everywhere, file, key)
    chosen = _innermost({where: state for where, state in everywhere.items() if set(where) <= set(NESTED)})
    chosen = chosen or everywhere
    if not chosen:
        raise InputError(f"{file}: a state dict is expected, of tensors by name")
    first = next(iter(chosen.values()))
    copies = {where: state for where, state in everywhere.items() if _shapes(state) == _shapes(first)}
    if len(meant := chosen | copies) > 1:
        raise InputError(f"{file}: has tensors in {' and in '.join(map('/'.join, meant))}; say which by `key`")
    return tensors(first)


def tensors(state: StateDict) -> dict[str, Tensor]:
    """The tensors alone, by name."""
    return {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)}


def _named(everywhere: Mapping[tuple[str, ...], StateDict], file: Path, key: str) -> dict[str, Tensor]:
    where = tuple(key.split("/"))
    if where in everywhere:
        return tensors(everywhere[where])
    prefix = f"{key}."
    for state in everywhere.values():
        if inside := {name: value for name, value in tensors(state).items() if name.startswith(prefix)}:
            return {name.removeprefix(prefix): value for name, value in inside.items()}
    there = ", ".join("/".join(place) or "no key" for place in everywhere) or "none"
    raise InputError(f"{file}: there are no tensors under {key}; there are some under {there}")


def _state_dicts(found: Any, where: tuple[str, ...] = ()) -> dict[tuple[str, ...], StateDict]:
    """The mappings with tensors by name, by the keys that lead to them."""
    if not isinstance(found, Mapping) or len(where) > DEEPEST:
        return {}
    own = {where: found} if tensors(found) else {}
    for key, value in found.items():
        if isinstance(key, str):
            own |= _state_dicts(value, (*where, key))
    return own


def _innermost(states: Mapping[tuple[str, ...], StateDict]) -> dict[tuple[str, ...], StateDict]:
    """Without those that contain another: what they have themselves is a number beside the weights."""
    return {
        where: state
        for where, state in states.items()
        if not any(other != where and other[: len(where)] == where for other in states)
    }


def _shapes(state: StateDict) -> list[tuple[int, ...]]:
    """The shapes of the tensors, sorted; counters, which have none, are left out."""
    return sorted(tuple(tensor.shape) for tensor in tensors(state).values() if tensor.dim())
