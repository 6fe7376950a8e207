"""The `robustness` step: correct answers of each member on corrupted and on natural adversarial images."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from lesion.artifacts import paths
from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import ROBUSTNESS, write_parquet
from lesion.data.corruptions.corrupt import corrupt
from lesion.data.split import Split, read_split
from lesion.params.recipe import Evaluation
from lesion.params.robustness import Robustness
from lesion.params.shard import members
from lesion.predict.evaluate import answers, logits
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing

Condition = tuple[str, int, Tensor, Tensor]  # corruption, severity, images uint8 (n, h, w, c), labels int64 (n,)


def conditions(study: str, split: Split, settings: Robustness) -> Iterator[Condition]:
    """Clean images, each corruption at each severity, then the natural adversarial set."""
    yield "clean", 0, split.images, split.label
    images, example_id = split.images.numpy(), split.example_id.numpy()
    for corruption in settings.corruptions:
        for severity in settings.severities:
            corrupted = corrupt(images, example_id, corruption=corruption, severity=severity)
            yield corruption, severity, torch.from_numpy(corrupted), split.label
    arrays, _ = read_arrays(paths.adversarial(study))
    yield "natural-adversarial", 0, torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["label"]).long()


def counts(
    network: nn.Module, inputs: Tensor, label: Tensor, classes: int, evaluation: Evaluation
) -> dict[str, Tensor]:
    """Correct answers, top-1 and top-5, and images of each class: int (classes,) each."""
    said = answers(logits(network, inputs, evaluation), label)
    return {
        "correct": torch.bincount(label[said.correct], minlength=classes),
        "correct_top5": torch.bincount(label[said.correct_top5], minlength=classes),
        "total": torch.bincount(label, minlength=classes),
    }


def rows(member: int, corruption: str, severity: int, counted: dict[str, Tensor]) -> dict[str, Any]:
    """The columns of one member under one condition: a row for each class that has images in it."""
    present = counted["total"].numpy() > 0
    labels = np.flatnonzero(present)
    return {
        "member": np.full(len(labels), member),
        "corruption": [corruption] * len(labels),
        "severity": np.full(len(labels), severity),
        "label": labels,
        **{name: values.numpy()[present] for name, values in counted.items()},
    }


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
    classes = len(split.class_names)
    columns: dict[str, list[Any]] = {name: [] for name in ROBUSTNESS.names}
    total = len(members(shard)) * (len(robustness.corruptions) * len(robustness.severities) + 2)
    with computing(threads=evaluation.threads) as device, progress(conditions=total) as advance:
        prepared = [
            (corruption, severity, split.normalise(images), label)
            for corruption, severity, images, label in conditions(study, split, robustness)
        ]
        for member, network in networks(
            study, variant_id, shard, model=model, variant=variant, split=split, device=device
        ):
            for corruption, severity, inputs, label in prepared:
                counted = counts(network, inputs.to(device), label, classes, evaluation)
                for name, values in rows(member, corruption, severity, counted).items():
                    columns[name].extend(values)
                advance["conditions"]()
    write_parquet(
        paths.robustness(study, variant_id, shard),
        pa.table({name: pa.array(columns[name], field.type) for name, field in zip(columns, ROBUSTNESS, strict=True)}),
        study=study, variant=variant_id, shard=shard,
    )  # fmt: skip
