"""What is known of each example beside its class, from `examples.parquet`: the groups that an audit compares."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts import paths
from lesion.artifacts.tables import EXAMPLES, read_parquet
from lesion.errors import InputError

Text = npt.NDArray[np.str_]

UNKNOWN = "unknown"  # the group of examples without a value


def read_groups(study: str, groups: list[list[str]], example_id: npt.NDArray[np.integer]) -> dict[str, Text]:
    """The attributes of the examples `example_id`, in that order, from `examples.parquet`.

    Returns
    -------
    text (examples,) by name; several attributes together are `male & young` with values such as `male, not young`

    Raises
    ------
    InputError
        Where there is no such attribute, or an example is not in the table.
    """
    path = paths.examples(study)
    known = read_parquet(path, EXAMPLES, ["example_id"])["example_id"].to_numpy()
    there = [name for name in pq.read_schema(path).names if name not in EXAMPLES.names]
    names = list(dict.fromkeys(name for several in groups for name in several))
    if missing := [name for name in names if name not in there]:
        raise InputError(f"{path}: no attribute {missing[0]}, there is {', '.join(there) or 'none'}")
    order = np.argsort(known, kind="stable")
    rows = order[np.minimum(np.searchsorted(known, example_id, sorter=order), len(known) - 1)]
    if (absent := example_id[known[rows] != example_id]).size:
        raise InputError(f"{path}: example {absent[0]} is not in it, but in the predictions")
    table = pq.read_table(path, columns=names).take(pa.array(rows))
    text = {name: np.array(table[name].cast(pa.string()).fill_null(UNKNOWN).to_pylist(), np.str_) for name in names}
    return {" & ".join(several): _joined([text[name] for name in several]) for several in groups}


def _joined(values: list[Text]) -> Text:
    """`male` and `not young` is `male, not young`, example by example."""
    return np.array([", ".join(each) for each in zip(*values, strict=True)], dtype=np.str_)
