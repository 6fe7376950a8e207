"""The `data` step: one table of examples and one packed array of images."""

import numpy as np
import pyarrow as pa

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.arrays import write_arrays
from lesion.artifacts.tables import EXAMPLES, TEXT, write_parquet
from lesion.data.dataset import Dataset
from lesion.errors import InputError


def check(dataset: Dataset) -> None:
    """Every class needs an example to train on and one to test on; InputError names the first without."""
    for split, rows in (("training", dataset.train), ("test", ~dataset.train)):
        counts = np.bincount(dataset.label[rows], minlength=len(dataset.class_names))
        if (empty := np.flatnonzero(counts == 0)).size:
            raise InputError(f"{dataset.source}: class {dataset.class_names[empty[0]]} has no {split} example")


def examples_table(dataset: Dataset) -> pa.Table:
    """One row an example, in order of example_id."""
    text = {"split": np.where(dataset.train, "train", "test"), "source": np.full(len(dataset.label), dataset.source)}
    columns = {
        "example_id": pa.array(np.arange(len(dataset.label), dtype=np.int32)),
        "label": pa.array(dataset.label),
        **{
            name: pa.array(values).dictionary_encode().cast(TEXT)
            for name, values in (text | dict(dataset.attributes)).items()
        },
    }
    assert list(columns)[: len(EXAMPLES)] == EXAMPLES.names
    return pa.table(columns)


def prepare(*, study: str, data: dict[str, object]) -> None:
    """Write `data/examples.parquet` and `data/images.safetensors`.

    The mean and standard deviation that normalise images are those of the training images, a value a channel, of
    pixels in [0, 1]: float32 (channels,).
    """
    settings = plugins.options("data", data, where=f"studies.{study}.data")
    dataset = plugins.load("data", str(data["name"])).load(settings)
    check(dataset)
    pixels = dataset.images[dataset.train] / np.float64(255)
    arrays = {
        "images": dataset.images,
        "mean": pixels.mean(axis=(0, 1, 2)).astype(np.float32),
        "std": pixels.std(axis=(0, 1, 2)).astype(np.float32),
    }
    write_parquet(paths.examples(study), examples_table(dataset), study=study, class_names=dataset.class_names)
    write_arrays(paths.images(study), arrays, study=study)
