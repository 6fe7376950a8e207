"""Loads weights of other projects: renames them and converts them to the form that our network has."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.models.build import load_weights

TRANSPARENT = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Parts of a name that torch.compile, FSDP and activation checkpointing insert at any depth."""

AVERAGED = "n_averaged"  # a counter that torch.optim.swa_utils.AveragedModel stores beside the network
BATCHES = "num_batches_tracked"


def load_foreign_weights(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load a state dict of another project into `network`. It must have exactly the network's tensors.

    Prefixes that all names share (`module.`, `model.`, …) and the parts of names in `TRANSPARENT` are removed. Masks of
    torch.nn.utils.prune are applied (`weight_orig` × `weight_mask`). Sparse and quantised tensors become dense floats.
    Batch counters of batch norms may be missing, since only training without `momentum` reads them.

    Raises
    ------
    InputError
        Names the first tensor that is missing, unexpected, of another shape or kind of number, without values, or part
        of a parametrised tensor.
    """
    expected = network.state_dict()
    dense = masked({name: to_dense(name, tensor) for name, tensor in tensors.items()})
    named = unwrapped(dense, expected.keys())
    if not named.keys() & expected.keys():
        there = ", ".join([*sorted(named)[:3], "…"] if len(named) > 3 else sorted(named)) or "none"
        raise InputError(f"checkpoint: tensor {min(expected)} is missing, and all others of the model; found: {there}")
    for name in sorted(named.keys() - expected.keys()):
        whole = name.rpartition("_")[0]
        if "parametrizations" in name.split(".") or whole in expected:
            raise InputError(f"checkpoint: tensor {name} is a part of a parametrised one; remove that before saving")
    counters = {name: torch.zeros_like(value) for name, value in expected.items() if name.endswith(BATCHES)}
    load_weights(network, counters | named)


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
    """The same tensors without the wrappers' prefixes in their names; unchanged if no expected name results."""
    names = {name: _inner(name) for name in tensors if name != AVERAGED or name in expected}
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
