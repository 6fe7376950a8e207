"""Pruning Identified Exemplars: examples whose modal label differs between two populations.

Hooker et al., arXiv 1911.05248, section 3.2; the taxicab distance is that of arXiv 2010.03058.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, write_parquet
from lesion.audit.classes import class_names
from lesion.audit.populations import Population, check_comparable, read_population

Counts = npt.NDArray[np.int32]


def votes(prediction: npt.NDArray[np.integer], classes: int) -> Counts:
    """How many members give each label to each example.

    Parameters
    ----------
    prediction : int (members, examples), each in [0, classes)

    Returns
    -------
    int32 (examples, classes); each row sums to the number of members
    """
    examples = prediction.shape[1]
    flat = prediction.astype(np.int64) + np.arange(examples) * classes
    return np.bincount(flat.ravel(), minlength=examples * classes).reshape(examples, classes).astype(np.int32)


def modal_label(counts: Counts) -> npt.NDArray[np.int16]:
    """The label that most members give, ties to the largest class id: int16 (examples,)."""
    classes = counts.shape[1]
    return np.asarray(classes - 1 - np.argmax(counts[:, ::-1], axis=1), dtype=np.int16)


def grade(dense: Population, compressed: Population, *, classes: int) -> pa.Table:
    """Every example with both modal labels, the share of members that give them, and the PIE flag.

    `taxicab` is the L1 distance, in [0, 2], between the two populations' distributions of labels.

    Raises
    ------
    InputError
        Where the populations do not hold the same examples.
    """
    check_comparable(dense, compressed)
    counts = [votes(population.prediction, classes) for population in (dense, compressed)]
    shares = [count / len(p.member) for count, p in zip(counts, (dense, compressed), strict=True)]
    modal = [modal_label(count) for count in counts]
    columns = {
        "example_id": dense.example_id,
        "label": dense.label,
        "dense_label": modal[0],
        "compressed_label": modal[1],
        "dense_share": shares[0].max(axis=1).astype(np.float32),
        "compressed_share": shares[1].max(axis=1).astype(np.float32),
        "taxicab": np.abs(shares[0] - shares[1]).sum(axis=1).astype(np.float32),
        "pie": modal[0] != modal[1],
    }
    return pa.table(columns, schema=PIE)


def pie(*, study: str, variant: str, shards: list[str]) -> None:
    """The step: read both populations, write `pie/<variant>.parquet`."""
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = grade(dense, compressed, classes=len(class_names(study)))
    write_parquet(paths.pie(study, variant), table, study=study, variant=variant, shards=shards)
