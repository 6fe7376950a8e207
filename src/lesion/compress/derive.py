"""Derived members, made of the members of another variant, shard by shard."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor

from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.contracts import DerivedMethod
from lesion.compress.restore import restored
from lesion.compress.stored_shapes import shapes_of, with_shapes
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build

if TYPE_CHECKING:
    from lesion.compress.contracts import Compressor


class Made(NamedTuple):
    """A derived member.

    Attributes
    ----------
    member : its number
    tensors : what to store of it
    facts, own_facts : for the metadata: what holds for all members, and what for this one
    """

    member: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]
    own_facts: dict[str, Any]


def derived(
    parent: Path,
    *,
    variant: str,
    model: dict[str, Any],
    compression: dict[str, Any],
    parent_compression: dict[str, Any],
    calibration: Calibration,
) -> Iterator[Made]:
    """The members as the method of `variant` makes them of those of its parent.

    `parent`: the shard that they are made of. `compression` and `parent_compression`: what params.yaml says of the
    variant and of the one that it is made of.

    Raises
    ------
    InputError
        Where the parent's members are no networks of float weights, as those of int8.
    """
    split: Split = calibration.split
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    method: DerivedMethod = plugins.load("method", compression["method"])
    if not plugins.load("method", parent_compression["method"]).FLOAT_MEMBERS:
        raise InputError(
            f"variants.{variant}: made of {parent_compression['method']}, whose members have no float weights"
        )
    plain = build(model, split).eval()
    shapes = shapes_of(plain)
    compressors: dict[bool, Compressor] = {}
    for member, network in restored(parent, model=model, compression=parent_compression, split=split):
        weights, own_shapes = network.state_dict(), shapes_of(network)
        if smaller := own_shapes != shapes:  # the method works with a network of the member's shapes
            compressors[smaller] = method.compressor(network, options, calibration)
        elif smaller not in compressors:
            compressors[smaller] = method.compressor(plain, options, calibration)
        compressor = compressors[smaller]
        tensors = with_shapes(compressor(weights), own_shapes, shapes)
        yield Made(member, tensors, getattr(compressor, "facts", {}), getattr(compressor, "own_facts", {}))
