"""The `compress` step: derived variants, made from the trained dense members of a shard."""

from typing import Any

import torch

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.compress.encoding import decode, encode
from lesion.data.split import Split, read_split
from lesion.models.build import build
from lesion.progress import progress
from lesion.seeds import derive_seed


def calibration_images(split: Split, count: int, *, seed: int) -> torch.Tensor:
    """A random sample of `count` training images, normalised: float32 (count, c, h, w)."""
    order = torch.randperm(len(split.label), generator=torch.Generator().manual_seed(seed))
    return split.normalise(torch.from_numpy(split.images.read(order[:count].numpy())))


def compress(
    *, study: str, variant_id: str, shard: str, root_seed: int, model: dict[str, Any], variant: dict[str, Any]
) -> None:
    """Compress each dense member of `shard` and write the variant's checkpoint.

    The calibration images are the same for all members: the variance between members is that of training alone.
    """
    torch.set_num_threads(1)
    split = read_split(study, "train")
    options = plugins.options("method", variant, where=f"variants.{variant_id}", key="method")
    count = getattr(options, "calibration_images", 1)
    images = calibration_images(split, count, seed=derive_seed(root_seed, study, "calibration"))
    compressor = plugins.load("method", variant["method"]).compressor(build(model, split).eval(), options, images)
    dense = paths.checkpoint(study, "dense", shard)
    facts = read_facts(dense)["members"]
    compressed = {}
    with progress(members=len(facts)) as advance:
        for member, tensors in read_members(dense):
            compressed[member] = encode(compressor(decode(tensors)))
            advance["members"]()
    write_checkpoint(
        paths.checkpoint(study, variant_id, shard), compressed, study=study, variant=variant_id, members=facts
    )
