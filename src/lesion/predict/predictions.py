"""The `predict` step: the answer of each member of a shard to each test example."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.artifacts.checkpoints import read_facts, read_members
from lesion.artifacts.tables import PREDICTIONS, from_numpy, write_parquet
from lesion.compress.per_image import PerImage, chooses
from lesion.compress.size import sizes
from lesion.data.split import Split
from lesion.models.build import build
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Evaluation
from lesion.predict.doubts import at_chance, reversed_channels, spread
from lesion.predict.evaluate import answers, batch_rows, members_logits, read_batches
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing

log = logging.getLogger(__name__)


def rows(member: int, split: Split, logit: Tensor, *, first: int) -> pa.Table:
    """One row a test example from the `first` on, in order of example_id; logit is (examples, classes)."""
    chosen = slice(first, first + len(logit))
    label = split.label[chosen]
    said, probability = answers(logit, label), logit.softmax(dim=1)
    columns = {
        "example_id": split.example_id[chosen].numpy(),
        "member": np.full(len(label), member, dtype=np.int16),
        "label": label.numpy().astype(np.int16),
        "prediction": said.prediction.numpy().astype(np.int16),
        "correct_top5": said.correct_top5.numpy(),
        "confidence": probability.amax(dim=1).numpy(),
        "true_probability": probability.gather(1, label[:, None]).squeeze(1).numpy(),
    }
    return pa.table({name: from_numpy(values) for name, values in columns.items()}, schema=PREDICTIONS)


def doubtful(
    members: Mapping[int, nn.Module],
    tables: Mapping[int, list[pa.Table]],
    split: Split,
    evaluation: Evaluation,
    device: torch.device,
) -> Iterator[str]:
    """Yield what is doubtful of each member's answers, and log it."""
    sample = spread(len(split.label), evaluation.batch)
    pixels = torch.from_numpy(split.images.read(sample)).to(device)
    for member, network in members.items():
        prediction = np.concatenate([part.column("prediction").to_numpy() for part in tables[member]])
        right = torch.from_numpy(prediction).long() == split.label
        turned = reversed_channels(network, split, pixels, split.label[sample], evaluation)
        for warning in filter(None, (at_chance(right, split.label), turned)):
            log.warning("member %d: %s", member, warning)
            yield f"member {member}: {warning}"


def predict(
    *,
    examples: Path,
    images: Path,
    checkpoint: Path,
    predictions: Path,
    model: dict[str, Any],
    compression: dict[str, Any],
    evaluation: Evaluation,
) -> None:
    """Write the `predictions`, with the sizes of the members in their metadata (`compress.size`).

    The audit takes the sizes from there, since it may run without the checkpoints. The multiply-adds of networks that
    choose what they compute are the mean over images. What is doubtful of members that
    were trained elsewhere (`predict.doubts`) is logged as a warning, and in the metadata as `doubts`.
    """
    split = read_inputs(model, examples, images, "test")
    blank = split.blank()
    batches, first = len(batch_rows(len(split.label), evaluation)), 0
    with computing(threads=evaluation.threads) as device, progress(batches=batches) as advance:
        members = networks(checkpoint, model=model, compression=compression, split=split, device=device)
        tables: dict[int, list[pa.Table]] = {member: [] for member in members}
        counts = {
            member: PerImage(network, tuple(blank.shape[1:]), blank.dtype)
            for member, network in members.items()
            if chooses(network)
        }
        chosen = dict.fromkeys(counts, 0)  # multiply-adds of all images
        for pixels in read_batches(split.images, len(split.label), evaluation):
            inputs = split.normalise(pixels.to(device))
            for member, logit in members_logits(members, inputs, evaluation, checkpoint=checkpoint):
                tables[member].append(rows(member, split, logit, first=first))
                if member in counts:
                    chosen[member] += int(counts[member].of_batch(len(logit)).sum())
            first += len(pixels)
            advance["batches"]()
        doubts: dict[str, list[str]] = {}
        if hasattr(plugins.load("method", compression["method"]), "load_member"):
            found = list(doubtful(members, tables, split, evaluation, device))
            doubts = {"doubts": found} if found else {}
    stored = ((tensors, members[member]) for member, tensors in read_members(checkpoint))
    facts = read_facts(checkpoint) | sizes(stored, build(model, split), blank.shape[1:], blank.dtype) | doubts
    if chosen:
        facts["multiply_adds"] = sum(chosen.values()) / len(chosen) / len(split.label)
    joined = pa.concat_tables(table for parts in tables.values() for table in parts)
    write_parquet(predictions, joined, **facts)
