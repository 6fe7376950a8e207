"""The `train` step: the members of a shard are trained one after the other, or read from checkpoints of others."""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.artifacts.checkpoints import write_checkpoint
from lesion.compress.encoding import encode
from lesion.data.sample import TrainingSampler
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.build import initialise
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Recipe
from lesion.params.shard import members
from lesion.progress import Advance, progress
from lesion.train.device import computing, place
from lesion.train.loop import fit, total_steps
from lesion.train.pretrained import take_population
from lesion.train.resume import NEVER, Resume, Snapshots, resume_folder
from lesion.train.seeds import Seeds

log = logging.getLogger(__name__)


def check_examples(split: Split, recipe: Recipe, *, study: str) -> None:
    """Check that a training split has examples of each class, and fills a batch.

    Raises
    ------
    InputError
        Names the key of params.yaml at fault.
    """
    counts = np.bincount(split.label.numpy(), minlength=len(split.class_names))
    if not counts.any():
        raise InputError(f"params.yaml: studies.{study}.data: has no training examples; take a pretrained network")
    if (empty := np.flatnonzero(counts == 0)).size:
        name = split.class_names[empty[0]]
        raise InputError(f"params.yaml: studies.{study}.data: class {name} has no training example")
    if len(split.label) < recipe.batch:
        raise InputError(
            f"params.yaml: studies.{study}.recipe.batch: is {recipe.batch}, there are {len(split.label)} training"
            " examples"
        )


def train_member(
    model: dict[str, Any],
    compression: dict[str, Any],
    split: Split,
    *,
    recipe: Recipe,
    seeds: Seeds,
    device: torch.device,
    snapshots: Snapshots = NEVER,
    on_step: Advance = lambda: None,
) -> tuple[nn.Module, float]:
    """Build a network from its seed and train it; the network, on the CPU, and the mean loss of the last epoch."""
    torch.manual_seed(seeds.initialisation)
    network = place(initialise(model, split), device, channels=split.channels)
    options = plugins.options("method", compression, where="variant", key="method")
    steps = total_steps(recipe, len(split.label))
    method = plugins.load("method", compression["method"]).Training(
        network, options, steps=steps, sample=TrainingSampler(split, device, recipe.micro_batch),
        examples=len(split.label), seed=seeds.method,
    )  # fmt: skip
    loss = fit(network, method, split, recipe=recipe, seeds=seeds, device=device, snapshots=snapshots, on_step=on_step)
    return network.cpu(), loss


def train(
    *,
    study: str,
    variant: str,
    shard: str,
    examples: Path,
    images: Path,
    checkpoint: Path,
    root_seed: int,
    model: dict[str, Any],
    compression: dict[str, Any],
    recipe: Recipe,
    stamp: str,
) -> None:
    """Train the members of `shard` and write their `checkpoint`.

    `compression` is the variant's entry in params.yaml. `stamp` is a hash of everything that the weights depend on:
    members that were finished under the same stamp are not trained again.

    Raises
    ------
    InputError
        If a member diverges, or the recipe does not fit the data: a class without training example, or a batch of more
        examples than there are.
    """
    split = read_inputs(model, examples, images, "train")
    if hasattr(plugins.load("method", compression["method"]), "load_member"):
        take_population(study, variant, shard, model=model, compression=compression, split=split, checkpoint=checkpoint)
        return
    check_examples(split, recipe, study=study)
    resume = Resume(resume_folder(checkpoint), stamp=stamp)
    trained: dict[int, dict[str, Tensor]] = {}
    facts: dict[int, dict[str, Any]] = {}
    steps = total_steps(recipe, len(split.label))
    with (
        computing(threads=recipe.threads) as device,
        progress(members=len(members(shard)), steps=steps) as advance,
    ):
        for member in members(shard):
            if found := resume.load(member):
                trained[member], facts[member] = found
                advance["members"]()
                continue
            seeds = Seeds.derive(root_seed, study, variant, member, paired=recipe.paired)
            start = time.perf_counter()
            try:
                network, loss = train_member(
                    model, compression, split, recipe=recipe, seeds=seeds, device=device,
                    snapshots=resume.snapshots(member), on_step=advance["steps"],
                )  # fmt: skip
            except InputError as error:
                raise InputError(f"{study}, {variant}, member {member}: {error}") from None
            trained[member], facts[member] = encode(network.state_dict()), asdict(seeds) | {"loss": loss}
            resume.save(member, trained[member], facts[member])
            log.info("member %d: loss %.4f, %.2f s on %s", member, loss, time.perf_counter() - start, device.type)
            advance["members"]()
    write_checkpoint(checkpoint, trained, study=study, variant=variant, members=facts)
    resume.clear()
