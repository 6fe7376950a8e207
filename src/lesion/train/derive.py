"""The `compress` step: derived variants, made of the members of another variant, and fine-tuned if they say so."""

import logging
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesion import plugins
from lesion.artifacts.checkpoints import read_facts, write_checkpoint
from lesion.compress.calibration import Calibration
from lesion.compress.contracts import FineTunedMethod
from lesion.compress.derive import derived
from lesion.compress.encoding import encode
from lesion.compress.stored_shapes import take_shapes
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import build, load_weights
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Recipe
from lesion.progress import Advance, progress
from lesion.seeds import derive_seed
from lesion.train.device import computing, place
from lesion.train.loop import fit, total_steps
from lesion.train.seeds import Seeds

log = logging.getLogger(__name__)


def fine_tune(
    tensors: dict[str, Tensor],
    method: FineTunedMethod,
    *,
    model: dict[str, Any],
    split: Split,
    recipe: Recipe,
    seeds: Seeds,
    device: torch.device,
    on_step: Advance = lambda: None,
) -> dict[str, Tensor]:
    """The state dict of a compressed member after a training by `recipe` on `split`, on the CPU; zeros stay zero."""
    network = build(model, split)
    load_weights(network, take_shapes(network, tensors))
    network = place(network, device, channels=split.channels)
    image = split.normalise(torch.from_numpy(split.images.read(np.arange(1))).to(device))
    training = method.FineTuning(network, image)
    loss = fit(network, training, split, recipe=recipe, seeds=seeds, device=device, on_step=on_step)
    log.info("fine-tuned: loss %.4f on %s", loss, device.type)
    return dict(tensors) | network.cpu().state_dict()


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
    `calibration`: the split whose images the method may look at, `train` or `test`. A fine-tuning sees the training
    split alone. One that is killed starts again with the first member of the shard.

    Raises
    ------
    InputError
        Where the parent's members are no networks of float weights, as those of int8, the method refuses the network or
        its calibration images, or a fine-tuning does not fit the data or diverges.
    """
    torch.set_num_threads(1)
    method = plugins.load("method", compression["method"])
    options = plugins.options("method", compression, where=f"variants.{variant}", key="method")
    recipe: Recipe | None = options.fine_tune if isinstance(method, FineTunedMethod) else None
    shown = Calibration(read_inputs(model, examples, images, calibration), derive_seed(root_seed, study, "calibration"))
    split = read_inputs(model, examples, images, "train") if recipe else shown.split
    facts = read_facts(parent)["members"]
    steps = total_steps(recipe, len(split.label)) if recipe else 0
    compressed: dict[int, dict[str, Tensor]] = {}
    told: dict[str, Any] = {}
    with (
        computing(threads=recipe.threads) if recipe else nullcontext(torch.device("cpu")) as device,
        progress(members=len(facts), **({"steps": steps} if recipe else {})) as advance,
    ):
        members = derived(
            parent, variant=variant, model=model, compression=compression, parent_compression=parent_compression,
            calibration=shown,
        )  # fmt: skip
        for member, tensors, said, own in members:
            told |= said
            facts[str(member)] |= own
            if recipe:
                seeds = Seeds.derive(root_seed, study, variant, int(member), paired=recipe.paired)
                try:
                    tensors = fine_tune(
                        tensors, method, model=model, split=split, recipe=recipe, seeds=seeds, device=device,
                        on_step=advance["steps"],
                    )  # fmt: skip
                except InputError as error:
                    raise InputError(f"{study}, {variant}, member {member}: {error}") from None
            compressed[member] = encode(tensors)
            advance["members"]()
    write_checkpoint(checkpoint, compressed, study=study, variant=variant, members=facts, **told)
