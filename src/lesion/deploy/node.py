"""The `run-onnx` step: ONNX files on the study's test images, as predictions of a shard."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import torch
from torch import Tensor

from lesion.artifacts.provenance import installed
from lesion.artifacts.tables import write_parquet
from lesion.compress.methods.onnx import Options
from lesion.data.images import as_images
from lesion.data.split import Split
from lesion.deploy.answers import are_probabilities
from lesion.deploy.classifier import Classifier, Scores, classifier
from lesion.deploy.contract import Array, RunOptions
from lesion.deploy.given import Feeds, Given
from lesion.deploy.predict import digest
from lesion.deploy.preparing import Pictures, laid_out
from lesion.deploy.runtimes.onnx_runtime import open_model
from lesion.errors import InputError
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Evaluation
from lesion.params.shard import members
from lesion.predict.predictions import rows


def run_onnx(
    *,
    study: str,
    variant: str,
    shard: str,
    examples: Path,
    images: Path,
    source: Path | list[Path],
    predictions: Path,
    model: dict[str, Any],
    compression: dict[str, Any],
    evaluation: Evaluation,
) -> None:
    """Write the `predictions` of the models in `source`, one a member of `shard`.

    Images are normalised as the study's network is shown them. The metadata have the SHA-256 and the bytes of the
    files, with those of their external weights.

    Raises
    ------
    InputError
        Where a file cannot be run, takes other images or has another number of classes than the study.
    """
    options = Options.read({name: value for name, value in compression.items() if name != "method"}, where=variant)
    split = read_inputs(model, examples, images, "test")
    tables, sizes, digests = [], [], {}
    for member, path in zip(members(shard), source if isinstance(source, list) else [source], strict=True):
        chosen = classifier(
            path, open_model(path, RunOptions(tuple(options.providers), evaluation.threads)), options.output
        )
        shown = _shown(path, chosen, examples, split)
        kind = ""
        for start, scores in chosen.scores(shown, evaluation.batch):
            kind = kind or ("probabilities" if are_probabilities(scores).all() else "logits")
            tables.append(rows(member, split, _logits(path, scores, kind, split), first=start))
        files = stored_files(path)
        sizes.append(sum(file.stat().st_size for file in files))
        digests[str(member)] = [digest(file) for file in files]
    write_parquet(
        predictions, pa.concat_tables(tables), study=study, variant=variant, sha256=digests,
        bytes_per_member=float(np.mean(sizes)), encoding="ONNX", onnxruntime=installed("onnxruntime"),
    )  # fmt: skip


def stored_files(path: Path) -> list[Path]:
    """An ONNX file, and the files of weights that it refers to."""
    found = onnx.load(path, load_external_data=False).graph.initializer
    names = {entry.value for tensor in found for entry in tensor.external_data if entry.key == "location"}
    return [path, *(path.parent / name for name in sorted(names))]


def _shown(path: Path, chosen: Classifier, source: Path, split: Split) -> Given:
    """The test images as the model takes them; InputError where it takes others."""
    [slot, *others] = chosen.model.inputs
    side, channels = as_images(split.images, str(path)).shape
    if others or slot.shape is None or len(slot.shape) != 4:
        raise InputError(f"{path}: takes {slot.described()}: no images (n, {channels}, {side}, {side})")
    layout, taken, _ = laid_out(path, slot, Pictures(side=side))
    if taken != channels:
        raise InputError(f"{path}: takes {slot.described()}, the study's images have {channels} channels")

    def read(start: int, stop: int) -> Feeds:
        pixels = torch.from_numpy(split.images.read(np.arange(start, stop)))
        values: Array = split.normalise(pixels).numpy()
        return {slot.name: values if layout == "nchw" else values.transpose(0, 2, 3, 1)}

    return Given(source, len(split.label), read, pa.array(split.example_id.numpy()), None)


def _logits(path: Path, scores: Scores, kind: str, split: Split) -> Tensor:
    """Scores as logits, those that are probabilities as their logarithm; InputError for another number of classes."""
    if scores.shape[1] != (classes := len(split.class_names)):
        raise InputError(f"{path}: has {scores.shape[1]} classes, the study has {classes}")
    values = torch.from_numpy(scores)
    return values.clamp(min=torch.finfo(torch.float32).tiny).log() if kind == "probabilities" else values
