"""The `computation` step: the multiply-adds of each test image, by networks that choose what they compute."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesion.artifacts.csv_tables import write_csv
from lesion.compress.multiply_adds import uses_of_weights
from lesion.compress.per_image import PerImage
from lesion.data.split import Split
from lesion.models.build import build
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Evaluation
from lesion.predict.evaluate import batch_rows, members_logits, read_batches
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing


def plain_multiply_adds(model: dict[str, Any], split: Split) -> int:
    """The multiply-adds of the plain network for one image."""
    network, blank = build(model, split), split.blank()
    uses = uses_of_weights(network, tuple(blank.shape[1:]), blank.dtype)
    return sum(int(times.sum()) * (network.get_parameter(name).numel() // len(times)) for name, times in uses.items())


def computation(
    *,
    examples: Path,
    images: Path,
    checkpoints: list[Path],
    table: Path,
    model: dict[str, Any],
    compression: dict[str, Any],
    evaluation: Evaluation,
) -> None:
    """Write the `table`, one row a test image, in order of example_id.

    Columns: example_id; multiply_adds, the mean over members, multiply_adds_sd between members (empty for one member),
    lowest and highest of a member; share, the mean over the multiply-adds of the plain network. What the gates, agents
    and routers themselves compute counts, too.

    Parameters
    ----------
    checkpoints : of all shards
    """
    split = read_inputs(model, examples, images, "test")
    blank, counted = split.blank(), []
    batches = len(batch_rows(len(split.label), evaluation))
    with (
        computing(threads=evaluation.threads) as device,
        progress(batches=len(checkpoints) * batches) as advance,
    ):
        for checkpoint in checkpoints:
            members = networks(checkpoint, model=model, compression=compression, split=split, device=device)
            counts = {member: PerImage(one, tuple(blank.shape[1:]), blank.dtype) for member, one in members.items()}
            found: dict[int, list[torch.Tensor]] = {member: [] for member in members}
            for pixels in read_batches(split.images, len(split.label), evaluation):
                inputs = split.normalise(pixels.to(device))
                for member, _ in members_logits(members, inputs, evaluation, checkpoint=checkpoint):
                    found[member].append(counts[member].of_batch(len(inputs)))
                advance["batches"]()
            counted += [torch.cat(parts).numpy() for parts in found.values()]
    adds = np.stack(counted)
    mean = adds.mean(axis=0)
    rows = {
        "example_id": split.example_id.numpy(),
        "multiply_adds": mean,
        "multiply_adds_sd": adds.std(axis=0, ddof=1) if len(adds) > 1 else np.full(len(mean), np.nan),
        "lowest": adds.min(axis=0),
        "highest": adds.max(axis=0),
        "share": mean / plain_multiply_adds(model, split),
    }
    write_csv(table, pd.DataFrame(rows))
