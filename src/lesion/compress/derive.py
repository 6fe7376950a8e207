"""Derived members, made of the members of another variant, shard by shard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.contracts import DerivedMethod
from lesion.compress.restore import restored
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build


def derived(
    parent: Path,
    *,
    variant: str,
    model: dict[str, Any],
    compression: dict[str, Any],
    parent_compression: dict[str, Any],
    calibration: Calibration,
) -> Iterator[tuple[int, dict[str, Tensor], dict[str, Any]]]:
    """Each member's number, the tensors to store, and facts for the metadata, as the method of `variant` makes them.

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
    compressor = method.compressor(build(model, split).eval(), options, calibration)
    plain = build(model, split).state_dict().keys()
    for member, network in restored(parent, model=model, compression=parent_compression, split=split):
        weights = network.state_dict()
        if weights.keys() != plain:
            raise InputError(
                f"variants.{variant}: made of {parent_compression['method']}, whose members have no float weights"
            )
        yield member, compressor(weights), getattr(compressor, "facts", {})
