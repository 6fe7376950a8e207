"""The `data` step: one table of examples, and the images of a small set in one packed array."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from lesion import plugins
from lesion.artifacts.arrays import Arrays, write_arrays
from lesion.artifacts.tables import EXAMPLES, TEXT, write_parquet
from lesion.data.contents import record
from lesion.data.dataset import Dataset, Packed, Table, Texts
from lesion.data.images import folder
from lesion.data.opening import FEATURES, TOKENS
from lesion.errors import InputError

log = logging.getLogger(__name__)


def check(dataset: Dataset, study: str) -> None:
    """Check that there are two classes or more and a test example; say how many classes have none.

    A network may know more classes than there are examples of: the audit then tells of those that have some. What is
    trained needs training examples of each class, which `train` checks.

    Raises
    ------
    InputError
        Where there is a single class, or no test example.
    """
    tested = np.bincount(dataset.label[~dataset.train], minlength=len(dataset.class_names))
    if len(tested) < 2:
        raise InputError(f"{study}: a single class, {dataset.class_names[0]}; two or more are expected")
    if not tested.any():
        raise InputError(f"{study}: has no test example")
    if (empty := np.flatnonzero(tested == 0)).size:
        first = dataset.class_names[empty[0]]
        log.warning("%s: %d of %d classes have no test example, such as %s", study, len(empty), len(tested), first)


def examples_table(dataset: Dataset) -> pa.Table:
    """One row for each example, in order of example_id. The source of an image in a file of its own is its path."""
    count = len(dataset.label)
    source = (
        pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), [dataset.source])
        if isinstance(dataset, (Packed, Table))
        else pa.DictionaryArray.from_arrays(np.arange(count, dtype=np.int32), dataset.files)  # each path is its own
    )
    columns = {
        "example_id": pa.array(np.arange(count, dtype=np.int32)),
        "label": pa.array(dataset.label),
        "split": pa.DictionaryArray.from_arrays(dataset.train.astype(np.int32), ["test", "train"]),
        "source": source.cast(TEXT),
        **{name: pa.array(values).dictionary_encode().cast(TEXT) for name, values in dataset.attributes.items()},
    }
    assert list(columns)[: len(EXAMPLES)] == EXAMPLES.names
    return pa.table(columns)


def _statistics(dataset: Packed) -> dict[str, np.ndarray]:
    """Mean and standard deviation of the training images, a value a channel, of pixels in [0, 1]: float32 (c,).

    From the counts of the 256 values, exact whatever the number of images.
    """
    values = np.arange(256) / 255
    images = dataset.images[dataset.train]
    counts = np.stack([np.bincount(images[..., channel].ravel(), minlength=256) for channel in range(images.shape[3])])
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    std = np.sqrt((share * (values - mean[:, None]) ** 2).sum(axis=1))
    return {"mean": mean.astype(np.float32), "std": std.astype(np.float32)}


def _deviations(dataset: Table) -> Arrays:
    """Mean and standard deviation of each feature over the training rows: float32 (features,).

    A constant feature has the deviation 1. Without training rows they are 0 and 1, so that features stay as they are.
    """
    values = dataset.values[dataset.train].astype(np.float64)
    if not len(values):
        count = dataset.values.shape[1]
        return {"mean": np.zeros(count, np.float32), "std": np.ones(count, np.float32)}
    std = values.std(axis=0)
    std[std == 0] = 1
    return {"mean": values.mean(axis=0).astype(np.float32), "std": std.astype(np.float32)}


def prepare(*, study: str, data: dict[str, object], examples: Path, images: Path) -> None:
    """Write the table of `examples` and the file of `images`, which has rows of features or texts if they are these.

    Both arrays that normalise images, mean and std, float32 (channels,), are in `images`. A packed set adds its images.
    A set of image files adds the size and a digest of each file (`data.contents`), and its metadata have the folder and
    the geometry; a digest of all files is in the metadata of both outputs.
    """
    settings = plugins.options("data", data, where=f"studies.{study}.data")
    dataset: Dataset = plugins.load("data", str(data["name"])).load(settings)
    check(dataset, study)
    known: dict[str, object] = {"class_names": dataset.class_names, "class_ids": dataset.ids}
    where: dict[str, object] = {}
    if isinstance(dataset, Packed):
        arrays = {"images": dataset.images, **_statistics(dataset)}
    elif isinstance(dataset, Table):
        arrays = {FEATURES: dataset.values, **_deviations(dataset)}
        where = {FEATURES: dataset.features}
    elif isinstance(dataset, Texts):
        arrays = {TOKENS: dataset.tokens}
        where = {"vocabulary": dataset.vocabulary}
    else:
        arrays, contents = record(folder(dataset.root), dataset.files, images)
        arrays |= {"mean": np.array(dataset.mean, np.float32), "std": np.array(dataset.std, np.float32)}
        known["content"] = contents["content"]
        where = {"root": dataset.root, "geometry": asdict(dataset.geometry), **contents}
    write_parquet(examples, examples_table(dataset), study=study, **known)
    write_arrays(images, arrays, study=study, **where)
