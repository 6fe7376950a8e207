"""Predictions of a model file, written as a file that the audit reads."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from lesion.artifacts.atomic import replacing
from lesion.artifacts.provenance import provenance
from lesion.deploy.answers import Answers
from lesion.deploy.arrays import read_arrays
from lesion.deploy.choices import Kind, Runtime
from lesion.deploy.classes import class_ids, class_names, read_labels
from lesion.deploy.classifier import Classifier, classifier
from lesion.deploy.contract import Model, RunOptions
from lesion.deploy.given import Given
from lesion.deploy.opening import open_model
from lesion.deploy.pictures import read_folder, read_table
from lesion.deploy.preparing import Pictures, preparation
from lesion.errors import InputError
from lesion.progress import progress

SUFFIXES = (".parquet", ".csv")
OWN = ("example_id", "label", "prediction", "confidence", "true_probability", "correct_top5", "member", "correct")
"""Columns of predictions; no attribute may be called so."""


@dataclass(frozen=True)
class Said:
    """What the user says beside.

    Attributes
    ----------
    labels : file of the examples' labels (`classes.read_labels`), None where the examples have their own or none
    classes : file of the classes' names, a line each
    output : the output with the scores, None where it is the only one that can be
    scores : what the scores are
    batch : examples at a time, unless the model has a fixed batch
    """

    labels: Path | None = None
    classes: Path | None = None
    output: str | None = None
    scores: Kind = "auto"
    batch: int = 32


def predict_file(
    model: Path,
    inputs: Path,
    out: Path,
    *,
    runtime: Runtime = "auto",
    running: RunOptions = RunOptions(),  # noqa: B008  it is frozen
    pictures: Pictures = Pictures(),  # noqa: B008
    said: Said = Said(),
) -> list[str]:
    """Run a model on examples and write its predictions to `out`, `.parquet` or `.csv`, once all are known.

    Parameters
    ----------
    model : a file that `runtime` runs
    inputs : a folder of images, a CSV of their paths, or arrays (`.npy`, `.npz`)
    running, pictures, said : what the files do not tell

    Returns
    -------
    Lines that say what was done: how images were shown, what scores were taken for, how many answers are right.

    Raises
    ------
    InputError
        Where a file is no such thing, or the model and the examples do not fit; nothing is written.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out}: a file of predictions ends in {' or '.join(SUFFIXES)}")
    if said.batch < 1:
        raise InputError(f"--batch: {said.batch} examples, 1 or more are expected")
    opened = open_model(model, runtime, running)
    chosen = classifier(model, opened, said.output)
    given = _given(model, opened, inputs, pictures)
    if said.labels is not None:
        given = _labelled(given, said.labels)
    table, lines = _predictions(chosen, given, said)
    _write(out, table, model=model.name, sha256=digest(model))
    return [*([given.shown] if given.shown else []), *lines, f"The predictions are in {out}."]


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _given(path: Path, model: Model, inputs: Path, pictures: Pictures) -> Given:
    if inputs.suffix.lower() in (".npy", ".npz"):
        return read_arrays(inputs, tuple(slot.name for slot in model.inputs))
    if not inputs.exists():
        raise InputError(f"{inputs}: there is no such file or folder")
    if not inputs.is_dir() and inputs.suffix.lower() != ".csv":
        raise InputError(f"{inputs}: a folder of images, a .csv of their paths, a .npy or a .npz is expected")
    shown = preparation(path, model.inputs, pictures)
    given = (read_folder if inputs.is_dir() else read_table)(inputs, shown)
    return replace(given, shown=shown.described())


def _labelled(given: Given, labels: Path) -> Given:
    if given.label is not None:
        raise InputError(f"{labels}: {given.source} has labels already")
    label = read_labels(labels)
    if len(label) != given.count:
        raise InputError(f"{labels}: has {len(label)} labels, {given.count} expected as in {given.source}")
    return replace(given, label=label)


def _predictions(chosen: Classifier, given: Given, said: Said) -> tuple[pa.Table, list[str]]:
    """The table of predictions, and what is said of it."""
    if odd := next((name for name in given.attributes if name in OWN), None):
        raise InputError(f"{given.source}: a column {odd} is made here; rename it")
    names, answers = None, None
    with progress(batches=chosen.batches(given, said.batch)) as advance:
        for start, scores in chosen.scores(given, said.batch):
            if answers is None:
                names = class_names(said.classes, given, scores.shape[1])
                source = said.labels or given.source
                label = None if given.label is None else class_ids(given.label, names, scores.shape[1], source)
                answers = Answers(said.scores, label)
            answers.add(start, scores)
            advance["batches"]()
    assert answers is not None
    found = answers.columns()
    columns = {"example_id": given.example_id}
    if answers.label is not None:
        columns["label"] = _called(pa.array(answers.label), names)
    columns |= {**found, "prediction": _called(found["prediction"], names), **given.attributes}
    taken = "probabilities" if answers.kind == "probabilities" else "logits, of which the softmax was taken"
    lines = [f"{given.count} examples of {answers.classes} classes; the scores are {taken}."]
    if answers.label is not None:
        right = int((answers.label == found["prediction"].to_numpy()).sum())
        lines.append(f"{right} of {given.count} answers are right ({100 * right / given.count:.1f} %).")
    return pa.table(columns), lines


def _called(ids: pa.Array, names: tuple[str, ...] | None) -> pa.Array:
    return ids if names is None else pa.array(names).take(ids)


def _write(out: Path, table: pa.Table, **known: Any) -> None:
    with replacing(out) as temporary:
        if out.suffix.lower() == ".csv":
            csv.write_csv(table, temporary)
        else:
            pq.write_table(table.replace_schema_metadata(provenance(**known)), temporary, compression="zstd")
