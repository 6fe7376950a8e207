"""The `robustness` step: correct answers of each member on corrupted and on natural adversarial images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from lesion.artifacts.checkpoints import read_facts
from lesion.artifacts.tables import ROBUSTNESS, write_parquet
from lesion.data.corruptions.corrupt import check, corrupt
from lesion.data.images import FileImages, as_images, folder
from lesion.data.inputs import Inputs, Rows
from lesion.data.loading import load
from lesion.data.published import open_published
from lesion.data.split import Split
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Evaluation
from lesion.params.robustness import Robustness
from lesion.predict.adversarial import read_adversarial
from lesion.predict.evaluate import answers, batch_rows, members_logits
from lesion.predict.networks import networks
from lesion.progress import progress
from lesion.train.device import computing

CORRECT, CORRECT_TOP5, TOTAL = range(3)


@dataclass(frozen=True, eq=False)
class Condition:
    """Images that all members are shown.

    Attributes
    ----------
    name, severity : as in the table; severity 0 for images without a corruption
    images, label : label int64 (n,)
    example_id : int32 (n,) of images that are corrupted by `name` when they are read; None for images as stored
    among : classes that an answer may name, int64; None for all
    """

    name: str
    severity: int
    images: Inputs
    label: Tensor
    example_id: Tensor | None = None
    among: Tensor | None = None

    def read(self, rows: Rows) -> Tensor:
        """Inputs as they are shown, as they are stored: uint8 (n, h, w, c) of images."""
        images = self.images.read(rows)
        if self.example_id is not None:
            images = corrupt(images, self.example_id.numpy()[rows], corruption=self.name, severity=self.severity)
        return torch.from_numpy(images)


def conditions(adversarial: Path, split: Split, settings: Robustness) -> Iterator[Condition]:
    """Clean images, each corruption at each severity, and the natural adversarial set if the study has one.

    An adversarial set with fewer classes than the study gives two conditions: answers among all classes, and answers
    among its own classes only. Their names have the number of classes (1000-way and 200-way; Hendrycks et al., arXiv
    1907.07174).

    Raises
    ------
    InputError
        If images of this size cannot be corrupted so, before any is, or the examples are no images.
    """
    if settings.corruptions:
        side, _ = as_images(split.images, "robustness.corruptions").shape
        for corruption in settings.corruptions if settings.published is None else ():
            check(corruption, side, side)
    yield Condition("clean", 0, split.images, split.label)
    for corruption in settings.corruptions:
        for severity in settings.severities:
            if settings.published is None:
                yield Condition(corruption, severity, split.images, split.label, split.example_id)
            else:
                geometry = split.images.geometry if isinstance(split.images, FileImages) else None
                images, true = open_published(
                    folder(settings.published), corruption, severity, class_ids=split.class_ids,
                    label=split.label.numpy(), geometry=geometry,
                )  # fmt: skip
                yield Condition(corruption, severity, images, torch.from_numpy(true))
    found = read_adversarial(adversarial)
    if found is not None:
        images, label = found
        own, classes = torch.from_numpy(np.unique(label.numpy())), len(split.class_ids)
        if len(own) == classes:
            yield Condition("natural-adversarial", 0, images, label)
        else:
            yield Condition(f"natural-adversarial-{classes}-way", 0, images, label)
            yield Condition(f"natural-adversarial-{len(own)}-way", 0, images, label, among=own)


def table(member: int, condition: Condition, counted: npt.NDArray[np.int64]) -> pa.Table:
    """The rows of one member under one condition, one a class that has images; counted (classes, 3)."""
    present = np.flatnonzero(counted[:, TOTAL])
    columns = {
        "member": np.full(len(present), member),
        "corruption": [condition.name] * len(present),
        "severity": np.full(len(present), condition.severity),
        "label": present,
        "correct": counted[present, CORRECT],
        "correct_top5": counted[present, CORRECT_TOP5],
        "total": counted[present, TOTAL],
    }
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in ROBUSTNESS})


def count(logit: Tensor, label: Tensor, among: Tensor | None) -> npt.NDArray[np.int64]:
    """Correct, correct in top-5 and all images by class: int64 (classes, 3); logit (n, classes), label (n,)."""
    classes = logit.shape[1]
    if among is not None:
        masked = torch.full_like(logit, -torch.inf)
        masked[:, among] = logit[:, among]
        logit = masked
    said = answers(logit, label)
    parts = [label[said.correct], label[said.correct_top5], label]
    return torch.stack([torch.bincount(part, minlength=classes) for part in parts], dim=1).numpy()


def robustness(
    *,
    examples: Path,
    images: Path,
    adversarial: Path,
    checkpoint: Path,
    counts: Path,
    model: dict[str, Any],
    compression: dict[str, Any],
    evaluation: Evaluation,
    robustness: Robustness,
) -> None:
    """Write the `counts`, sorted by member, then by condition in the order of the params."""
    split = read_inputs(model, examples, images, "test")
    shown = list(conditions(adversarial, split, robustness))
    batches = [(condition, rows) for condition in shown for rows in batch_rows(len(condition.label), evaluation)]
    with computing(threads=evaluation.threads) as device, progress(batches=len(batches)) as advance:
        members = networks(checkpoint, model=model, compression=compression, split=split, device=device)
        counted = {
            member: {condition: np.zeros((len(split.class_ids), 3), np.int64) for condition in shown}
            for member in members
        }
        stream = load(lambda batch: batch[0].read(batch[1]), batches, workers=evaluation.workers)
        for (condition, rows), pixels in zip(batches, stream, strict=True):
            inputs = split.normalise(pixels.to(device))
            for member, logit in members_logits(members, inputs, evaluation, checkpoint=checkpoint):
                counted[member][condition] += count(logit, condition.label[rows], condition.among)
            advance["batches"]()
    tables = [table(member, condition, counted[member][condition]) for member in members for condition in shown]
    joined = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    write_parquet(counts, joined, **read_facts(checkpoint))
