"""The `robustness` step: correct answers of each member on corrupted and on natural adversarial images."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from lesion.artifacts import paths
from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import ROBUSTNESS, write_parquet
from lesion.data.corruptions.corrupt import corrupt
from lesion.data.split import Split, read_split
from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.params.robustness import Robustness
from lesion.params.shard import members
from lesion.predict.evaluate import Answers, answers, logits
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing

Images = tuple[Tensor, Tensor, Tensor]  # uint8 (n, h, w, c), severity int64 (n,), label int64 (n,)


def conditions(study: str, split: Split, settings: Robustness) -> Iterator[tuple[str, Images]]:
    """Clean images, each corruption at all severities, then the natural adversarial set; these two have severity 0."""
    yield "clean", (split.images, torch.zeros_like(split.label), split.label)
    images, example_id = split.images.numpy(), split.example_id.numpy()
    times = len(settings.severities)
    severity = torch.tensor(settings.severities).repeat_interleave(len(split.label))
    for corruption in settings.corruptions:
        corrupted = [
            corrupt(images, example_id, corruption=corruption, severity=level) for level in settings.severities
        ]
        yield corruption, (torch.from_numpy(np.concatenate(corrupted)), severity, split.label.repeat(times))
    arrays, _ = read_arrays(paths.adversarial(study))
    label = torch.from_numpy(arrays["label"]).long()
    yield "natural-adversarial", (torch.from_numpy(arrays["images"]), torch.zeros_like(label), label)


def counts(said: Answers, severity: Tensor, label: Tensor, classes: int) -> dict[str, np.ndarray[Any, Any]]:
    """Correct answers and images by severity and class, a row for each pair that has images: int64 (rows,) each."""
    cell = severity * classes + label
    total = torch.bincount(cell)
    present = total.nonzero().squeeze(1)
    columns = {
        "severity": present // classes,
        "label": present % classes,
        "correct": torch.bincount(cell[said.correct], minlength=len(total))[present],
        "correct_top5": torch.bincount(cell[said.correct_top5], minlength=len(total))[present],
        "total": total[present],
    }
    return {name: column.numpy() for name, column in columns.items()}


def table(member: int, corruption: str, counted: dict[str, np.ndarray[Any, Any]]) -> pa.Table:
    """The rows of one member under one corruption."""
    length = len(counted["total"])
    columns = {"member": np.full(length, member), "corruption": [corruption] * length, **counted}
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in ROBUSTNESS})


def robustness(
    *,
    study: str,
    variant_id: str,
    shard: str,
    model: dict[str, Any],
    variant: dict[str, Any],
    evaluation: Evaluation,
    robustness: Robustness,
) -> None:
    """Write `robustness/<variant>/<shard>.parquet`, sorted by member, then by condition in the order of the params."""
    split = read_split(study, "test")
    checkpoint = paths.checkpoint(study, variant_id, shard)
    tables = []
    total = len(members(shard)) * (len(robustness.corruptions) + 2)
    with computing(threads=evaluation.threads) as device, progress(conditions=total) as advance:
        prepared = [
            (corruption, split.normalise(images), severity, label)
            for corruption, (images, severity, label) in conditions(study, split, robustness)
        ]
        for member, network in networks(
            study, variant_id, shard, model=model, variant=variant, split=split, device=device
        ):
            for corruption, inputs, severity, label in prepared:
                try:
                    said = answers(logits(network, inputs.to(device), evaluation), label)
                except InputError as error:
                    raise InputError(f"{checkpoint}: member {member}: {error}") from None
                tables.append(table(member, corruption, counts(said, severity, label, len(split.class_names))))
                advance["conditions"]()
    joined = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    write_parquet(paths.robustness(study, variant_id, shard), joined, study=study, variant=variant_id, shard=shard)
