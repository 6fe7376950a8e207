"""What is known of each example beside its class, from `examples.parquet`: the groups that an audit compares."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.tables import EXAMPLES, read_parquet
from lesion.errors import InputError

Text = npt.NDArray[np.str_]

UNKNOWN = "unknown"  # the group of examples without a value


class ExampleAttributes(Mapping[str, Text]):
    """The attributes of some examples: name → text (examples,). A column is read when it is asked for.

    Parameters
    ----------
    path : `examples.parquet`
    example_id : int (examples,), those that are wanted, in the order that is wanted

    Raises
    ------
    InputError
        Where there is no attribute of that name, or an example is not in the table.
    """

    def __init__(self, path: Path, example_id: npt.NDArray[np.integer]) -> None:
        self.path, self._example_id = path, example_id
        self._names = [name for name in pq.read_schema(path).names if name not in EXAMPLES.names]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> Text:
        if name not in self._names:
            raise InputError(f"{self.path}: no attribute {name}, there is {', '.join(self._names) or 'none'}")
        known = read_parquet(self.path, EXAMPLES, ["example_id"])["example_id"].to_numpy()
        order = np.argsort(known, kind="stable")
        rows = order[np.minimum(np.searchsorted(known, self._example_id, sorter=order), len(known) - 1)]
        if (absent := self._example_id[known[rows] != self._example_id]).size:
            raise InputError(f"{self.path}: example {absent[0]} is not in it, but in the predictions")
        values = pq.read_table(self.path, columns=[name]).take(pa.array(rows))[name]
        return np.array(values.cast(pa.string()).fill_null(UNKNOWN).to_pylist(), np.str_)


def joined(values: list[Text]) -> Text:
    """The values of several attributes together: `male` and `not young` is `male, not young`, example by example."""
    if len(values) == 1:
        return values[0]
    return np.array([", ".join(each) for each in zip(*values, strict=True)], dtype=np.str_)


def intersections(groups: Mapping[str, Text], wanted: list[list[str]]) -> dict[str, Text]:
    """The values of each attribute or intersection: text (examples,), by a name such as `male & young`.

    Parameters
    ----------
    groups : attribute → its values
    wanted : attributes, each alone or several for their intersections
    """
    single = {name: groups[name] for names in wanted for name in names}
    return {" & ".join(names): joined([single[name] for name in names]) for names in wanted}
