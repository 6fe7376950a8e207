"""The `compress` step: derived variants, made of the members of another variant, shard by shard."""

from pathlib import Path
from typing import Any

import torch

from lesion import plugins
from lesion.artifacts.checkpoints import read_facts, write_checkpoint
from lesion.compress.calibration import Calibration
from lesion.compress.encoding import encode
from lesion.compress.restore import restored
from lesion.errors import InputError
from lesion.models.build import build
from lesion.models.inputs import read_inputs
from lesion.progress import progress
from lesion.seeds import derive_seed


def compress(
    *,
    study: str,
    variant: str,
    examples: Path,
    images: Path,
    parent: Path,
    checkpoint: Path,
    root_seed: int,
    model: dict[str, Any],
    compression: dict[str, Any],
    parent_compression: dict[str, Any],
    calibration: str,
) -> None:
    """Compress each member of the shard `parent` and write the variant's `checkpoint`.

    `compression` and `parent_compression`: what params.yaml says of the variant and of the one that it is made of.
    `calibration`: the split whose images the method may look at, `train` or `test`.

    Raises
    ------
    InputError
        Where the parent's members are no networks of float weights, as those of int8.
    """
    torch.set_num_threads(1)
    split = read_inputs(model, examples, images, calibration)
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    shown = Calibration(split, derive_seed(root_seed, study, "calibration"))
    method = plugins.load("method", compression["method"])
    compressor = method.compressor(build(model, split).eval(), options, shown)
    facts = read_facts(parent)["members"]
    members = restored(parent, model=model, compression=parent_compression, split=split)
    plain = build(model, split).state_dict().keys()
    compressed = {}
    with progress(members=len(facts)) as advance:
        for member, network in members:
            weights = network.state_dict()
            if weights.keys() != plain:
                raise InputError(
                    f"variants.{variant}: made of {parent_compression['method']}, whose members have no float weights"
                )
            compressed[member] = encode(compressor(weights))
            advance["members"]()
    write_checkpoint(checkpoint, compressed, study=study, variant=variant, members=facts)
