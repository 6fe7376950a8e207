"""Predictions from anywhere: the file of one population, checked, as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.audit.comparison.files.blocks import Block, FileColumns, open_table, read_array
from lesion.audit.comparison.files.columns import Attribute, Column, Integers, compact, missing, recoding
from lesion.audit.comparison.files.grid import Axis, Grid, Texts
from lesion.audit.comparison.populations import Population
from lesion.errors import InputError

BLOCK = 2**20  # bytes of text to a block; a few dozen blocks are held at a time
Gathered = tuple[list[Integers], Texts | None]
Attributes = Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True)
class Predictions:
    """What a file holds.

    Attributes
    ----------
    population : its classes, examples and members are whole numbers; where the file names them, places in these names
    class_names : sorted; None where the file has integers
    example_names : in order of the examples, sorted; None where the file has integers
    attributes : text of each example (examples,), by the name of its column
    left_out : columns that cannot name groups: they hold lists or bytes, or more than 256 values
    """

    population: Population
    class_names: Texts | None = None
    example_names: Texts | None = None
    attributes: Attributes = field(default_factory=dict)
    left_out: Texts = ()


def read_predictions(path: Path, *, block_size: int = BLOCK) -> Predictions:
    """Read the predictions of one population (formats: docs/AUDIT.md), block by block.

    Parameters
    ----------
    path : .csv, .csv.gz, .parquet, or .npy
    block_size : bytes of CSV text to a block

    Raises
    ------
    InputError
        Where the file cannot be read, or is not one prediction of each member for each example.
    """
    if path.suffix == ".npy":
        prediction = read_array(path)
        members, examples = prediction.shape
        return Predictions(Population(np.arange(examples), np.arange(members), None, prediction))
    rows = _Rows(path, *open_table(path, block_size=block_size))
    return rows.assembled()


class _Rows:
    """The rows of a file, gathered in compact columns."""

    def __init__(self, path: Path, found: FileColumns, blocks: Iterator[Block]) -> None:
        self.path, self.found, self.count = path, found, 0
        labelled = ["label"] if "label" in found.read else []
        self.columns = {name: Column(path, name) for name in ("example_id", "member", "prediction", *labelled)}
        self.attributes = {name: Attribute() for name in found.attributes}
        self.measured: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in ("true_probability", "correct_top5") if name in found.read
        }
        for block in blocks:
            self._add(block)
        if not self.count:
            raise InputError(f"{path}: holds no rows")

    def _add(self, block: Block) -> None:
        rows = len(block["prediction"])
        for name in (*self.columns, *self.measured):
            if name in block and (empty := missing(block[name])).any():
                row = int(np.argmax(empty))
                of = f"in row {self.count + row + 1}" if name == "example_id" else self._example(block, row)
                raise InputError(f"{self.path}: column {name} is empty {of}; every row needs one")
        alone = pa.array(np.zeros(rows, dtype=np.int64))  # without the column there is one member
        for name, column in self.columns.items():
            column.add(block.get(name, alone))
        for name, attribute in self.attributes.items():
            attribute.add(block[name])
        for name, chunks in self.measured.items():
            chunks.append(self._measured(block, name))
        self.count += rows

    def _example(self, block: Block, row: int) -> str:
        return f"for example {block['example_id'][row]}"

    def _measured(self, block: Block, name: str) -> npt.NDArray[Any]:
        kind, expected = (pa.bool_(), "true or false") if name == "correct_top5" else (pa.float32(), "0 to 1")
        try:
            values = block[name].cast(kind).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid as error:
            raise InputError(f"{self.path}: column {name}: {expected} expected ({error})") from None
        if name == "true_probability" and (odd := (values < 0) | (values > 1)).any():
            row = int(np.argmax(odd))
            value = block[name][row]
            raise InputError(f"{self.path}: column {name} is {value} {self._example(block, row)}; {expected} expected")
        return np.asarray(values)

    def _classes(self) -> tuple[dict[str, list[Integers]], Texts | None]:
        """The blocks of the predictions and the labels, in the same numbers, and the names of these."""
        given = [name for name in ("prediction", "label") if name in self.columns]
        finished: dict[str, Gathered] = {name: self.columns[name].finish() for name in given}
        texts: dict[str, Texts] = {name: names for name, (_, names) in finished.items() if names is not None}
        if texts and len(texts) < len(finished):
            text, number = ("label", "prediction") if "label" in texts else ("prediction", "label")
            example = finished[number][0][0][0]
            raise InputError(
                f"{self.path}: column {text} holds names, such as {texts[text][0]}, and column {number} integers,"
                f" such as {example}; the same expected in both"
            )
        if not texts:
            for name, (chunks, _) in finished.items():
                if (least := min(chunk.min() for chunk in chunks)) < 0:
                    raise InputError(f"{self.path}: column {name} holds {least}; class ids are 0 and up")
            return {name: chunks for name, (chunks, _) in finished.items()}, None
        union = tuple(sorted({name for names in texts.values() for name in names}))
        places = {name: compact(recoding(names, union)) for name, names in texts.items()}
        return {name: [places[name][chunk] for chunk in chunks] for name, (chunks, _) in finished.items()}, union

    def assembled(self) -> Predictions:
        classes, class_names = self._classes()
        examples = Axis(*self.columns.pop("example_id").finish())
        members = Axis(*self.columns.pop("member").finish())
        grid = Grid(self.path, members, examples)
        attributes = {}
        for name, attribute in self.attributes.items():
            if attribute.names is not None:
                place = grid.of_examples(name, attribute.chunks, attribute.names)
                attributes[name] = np.array(attribute.names, dtype=object)[place]
        population = Population(
            example_id=examples.values,
            member=members.values,
            label=grid.of_examples("label", classes["label"], class_names) if "label" in classes else None,
            prediction=grid.fill(classes["prediction"]),
        )
        measured: dict[str, Any] = {name: grid.fill(chunks) for name, chunks in self.measured.items()}
        many = tuple(name for name, attribute in self.attributes.items() if attribute.names is None)
        return Predictions(
            replace(population, **measured), class_names, examples.names, attributes, (*self.found.unread, *many)
        )
