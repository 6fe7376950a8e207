"""The `compress` step: derived variants, made of the members of another variant, shard by shard."""

from pathlib import Path
from typing import Any

import torch

from lesion import plugins
from lesion.artifacts.checkpoints import read_facts, write_checkpoint
from lesion.compress.encoding import encode
from lesion.compress.restore import restored
from lesion.data.split import Split, read_split
from lesion.errors import InputError
from lesion.models.build import build
from lesion.progress import progress
from lesion.seeds import derive_seed


def calibration_images(split: Split, count: int, *, seed: int) -> torch.Tensor:
    """A random sample of `count` training images, normalised: float32 (count, c, h, w)."""
    order = torch.randperm(len(split.label), generator=torch.Generator().manual_seed(seed))
    return split.normalise(torch.from_numpy(split.images.read(order[:count].numpy())))


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
) -> None:
    """Compress each member of the shard `parent` and write the variant's `checkpoint`.

    `compression` and `parent_compression`: what params.yaml says of the variant and of the one that it is made of. The
    calibration images are the same for all members: the variance between members is that of training alone.

    Raises
    ------
    InputError
        Where the parent's members are no networks of float weights, as those of int8.
    """
    torch.set_num_threads(1)
    split = read_split(examples, images, "train")
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    count = getattr(options, "calibration_images", 1)
    calibration = calibration_images(split, count, seed=derive_seed(root_seed, study, "calibration"))
    method = plugins.load("method", compression["method"])
    compressor = method.compressor(build(model, split).eval(), options, calibration)
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
