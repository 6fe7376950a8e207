"""Loads weights of other projects: renames them and converts them to the form that our network has."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.models.build import load_weights
from lesion.models.name_map import renamed

TRANSPARENT = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Parts of a name that torch.compile, FSDP and activation checkpointing insert at any depth."""

AVERAGED = "n_averaged"  # a counter that torch.optim.swa_utils.AveragedModel stores beside the network
BATCHES = "num_batches_tracked"


def load_foreign_weights(
    network: nn.Module, tensors: Mapping[str, Tensor], names: Mapping[str, str] | None = None
) -> None:
    """Load a state dict of another project into `network`. It must have exactly the network's tensors.

    Masks of torch.nn.utils.prune are applied (`weight_orig` × `weight_mask`). Sparse and quantised tensors become dense
    floats. Then tensors are renamed by `names` (`models.name_map`). The prefix under which the whole network is
    (`module.`, `model.`, …) and the parts of names in `TRANSPARENT` are removed, and what is beside the prefix is left
    out. Batch counters of batch norms may be missing, since only training without `momentum` reads them.

    Raises
    ------
    InputError
        Names the first tensor that is missing, unexpected, of another shape or kind of number, without values, or part
        of a parametrised tensor; or the prefixes, where the network is under several.
    """
    expected = network.state_dict()
    named = unwrapped(renamed(plain(tensors), names or {}), expected.keys())
    if not named.keys() & expected.keys():
        there = ", ".join([*sorted(named)[:3], "…"] if len(named) > 3 else sorted(named)) or "none"
        missing = f"tensor {min(expected)} is missing, and all others of the model"
        raise InputError(f"checkpoint: {missing}; found: {there}; `lesion names` can map them")
    for name in sorted(named.keys() - expected.keys()):
        whole = name.rpartition("_")[0]
        if "parametrizations" in name.split(".") or whole in expected:
            raise InputError(f"checkpoint: tensor {name} is a part of a parametrised one; remove that before saving")
    counters = {name: torch.zeros_like(value) for name, value in expected.items() if name.endswith(BATCHES)}
    load_weights(network, counters | named)


def plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that a network computes with: dense, and masked."""
    return masked({name: to_dense(name, tensor) for name, tensor in tensors.items()})


def to_dense(name: str, tensor: Tensor) -> Tensor:
    """Convert a tensor, sparse or quantised, to a dense tensor of the same shape; InputError if it has no values."""
    if tensor.is_meta:
        raise InputError(f"checkpoint: tensor {name} has no values, its shape alone was saved")
    return tensor.dequantize() if tensor.is_quantized else tensor.to_dense()


def masked(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each pair `<name>_orig` and `<name>_mask` by `<name>`, which is zero where the mask is zero."""
    found = dict(tensors)
    for name in [name.removesuffix("_orig") for name in tensors if name.endswith("_orig")]:
        if f"{name}_mask" in found and name not in found:
            whole, mask = found.pop(f"{name}_orig"), found.pop(f"{name}_mask")
            if whole.shape != mask.shape:
                raise InputError(f"checkpoint: tensor {name}_mask has another shape than {name}_orig")
            found[name] = torch.where(mask == 0, torch.zeros_like(whole), whole * mask.to(whole.dtype))
    return found


def unwrapped(tensors: Mapping[str, Tensor], expected: Collection[str]) -> dict[str, Tensor]:
    """The same tensors without the wrappers' prefixes in their names; unchanged if no expected name results.

    InputError if all expected names are under several prefixes.
    """
    names = {name: _inner(name) for name in tensors if name != AVERAGED or name in expected}
    if (prefix := _prefix(set(names.values()), expected)) is not None:
        names = {name: inner.removeprefix(prefix) for name, inner in names.items() if inner.startswith(prefix)}
    while not any(name in expected for name in names.values()):
        first = {name.partition(".")[0] for name in names.values()}
        if len(first) != 1 or any("." not in name for name in names.values()):
            return dict(tensors)
        names = {name: inner.partition(".")[2] for name, inner in names.items()}
    if len(set(names.values())) < len(names):  # two names differ only in their wrappers
        return dict(tensors)
    return {inner: tensors[name] for name, inner in names.items()}


def _inner(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in TRANSPARENT)


def _prefix(names: Collection[str], expected: Collection[str]) -> str | None:
    """The prefix under which all expected names are, counters apart; None if there is none or some are without one."""
    wanted = [name for name in expected if not name.endswith(BATCHES)]
    if not wanted or any(name in names for name in wanted):
        return None
    ends = f".{wanted[0]}"
    prefixes = sorted(name.removesuffix(wanted[0]) for name in names if name.endswith(ends))
    found = [prefix for prefix in prefixes if all(prefix + name in names for name in wanted)]
    if len(found) > 1:
        several = " and as ".join(prefix.rstrip(".") for prefix in found)
        raise InputError(f"checkpoint: has this network as {several}; say which by `key`")
    return found[0] if found else None
