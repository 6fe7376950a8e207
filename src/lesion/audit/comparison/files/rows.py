"""The rows of a table of predictions, gathered as arrays and checked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lesion.audit.comparison.files.blocks import Block, blocks_of
from lesion.audit.comparison.files.cells import Cells, numbers
from lesion.audit.comparison.files.columns import Attribute, Column, Integers, as_texts, compact, natural, recoding
from lesion.audit.comparison.files.file_columns import FLAGS, FileColumns
from lesion.audit.comparison.files.formats import Table, readable
from lesion.audit.comparison.files.grid import Axis, Grid
from lesion.audit.comparison.files.predictions import Predictions, Texts
from lesion.audit.comparison.populations import Population
from lesion.audit.comparison.probability import clipped, is_probability
from lesion.errors import InputError

EMPTY = "(empty)"  # an answer without text, where answers are graded

Gathered = tuple[list[Integers], Texts | None]


def of_table(path: Path, table: Table) -> tuple[Predictions, str]:
    """What a table holds, and what it was read as, for people.

    Raises
    ------
    InputError
        Where it is not one prediction of each member for each example; the message names the file.
    """
    columns, blocks = blocks_of(path, table)
    read = Rows(path, columns, blocks).assembled()
    return read, f"{table.kind}, {_said(columns, read)}"


def _said(columns: FileColumns, read: Predictions) -> str:
    """What a row is, where answers come from, and how classes are called."""
    row = "a model and example" if columns.named else "an example"
    row = "an example, with a column for each model" if columns.wide else row
    if read.correct is not None:
        answers = "answers graded by the column correct"
    elif columns.scores is not None:
        what = "logits" if columns.scores.logits else "probabilities"
        answers = f"the answer is the class of the largest of its {what}"
    else:
        answers = f"classes by {'number' if read.class_names is None else 'name'}"
    return f"one row {row}, {answers}"


class Rows:
    """The rows of a file, gathered in compact columns."""

    def __init__(self, path: Path, found: FileColumns, blocks: Iterator[Block]) -> None:
        self.path, self.found, self.count = path, found, 0
        self.graded = "correct" in found.measured
        self.columns = {name: Column(path, name) for name in ("example_id", *found.given)}
        self.columns["prediction"] = Column(path, "prediction", any_text=self.graded)
        self.columns["member"] = Column(path, "member", natural)
        self.attributes = {name: Attribute() for name in found.attributes}
        self.measured: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in found.measured}
        with readable(path):
            for block in blocks:
                self._add(block)
        if not self.count:
            raise InputError(f"{path}: holds no rows")

    def _add(self, block: Block) -> None:
        rows = len(block["example_id"])
        if self.graded:
            block = self._graded(block)
        for name in self.columns:
            if name in block and (empty := block[name].missing).any():
                self._refuse_empty(block, name, int(np.argmax(empty)))
        alone = Cells(pa.array(np.zeros(rows, dtype=np.int64)))  # without the column there is one member
        for name, column in self.columns.items():
            column.add(block.get(name, alone))
        for name, attribute in self.attributes.items():
            attribute.add(block[name])
        for name, chunks in self.measured.items():
            chunks.append(self._flags(block, name) if name in FLAGS else self._probabilities(block, name))
        self.count += rows

    def _graded(self, block: Block) -> Block:
        """The block with a text for empty answers, and with right (0) and wrong (1) for answers that are not told."""
        if "prediction" not in block:
            return {**block, "prediction": Cells(pa.array(1 - self._flags(block, "correct").astype(np.int64)))}
        answer = block["prediction"]
        if not (empty := answer.missing).any():
            return block
        values = answer.values.cast(pa.string())
        values = values if answer.places is None else values.take(pa.array(answer.places))
        return {**block, "prediction": Cells(pc.if_else(pa.array(empty), EMPTY, values))}

    def _refuse_empty(self, block: Block, name: str, row: int) -> None:
        of = f"in row {self.count + row + 1}" if name == "example_id" else f"for example {block['example_id'][row]}"
        raise InputError(f"{self.path}: column {name} is empty {of}; every row needs one")

    def _refuse(self, block: Block, name: str, odd: npt.NDArray[np.bool_], expected: str) -> None:
        row = int(np.argmax(odd))
        if block[name].missing[row]:
            self._refuse_empty(block, name, row)
        said = f"is {block[name][row]} for example {block['example_id'][row]}"
        raise InputError(f"{self.path}: column {name} {said}; {expected} expected")

    def _probabilities(self, block: Block, name: str) -> npt.NDArray[np.float32]:
        values = numbers(block[name].raw)
        if (odd := ~is_probability(values)).any():
            self._refuse(block, name, odd, "a number of 0 to 1")
        return clipped(values)

    def _flags(self, block: Block, name: str) -> npt.NDArray[np.bool_]:
        cells = block[name]
        spelt = np.array(["0", "1", "False", "True"])
        place = pc.index_in(cells.values.cast(pa.string()), value_set=pa.array(spelt)).fill_null(-1).to_numpy()
        place = place if cells.places is None else place[cells.places]
        if (odd := place < 0).any():
            self._refuse(block, name, odd, "true or false")
        return np.asarray(place % 2 == 1)

    def _classes(self) -> tuple[dict[str, list[Integers]], Texts | None]:
        """The blocks of the predictions and the labels, in the same numbers, and the names of these."""
        given = [name for name in ("prediction", "label") if name in self.columns]
        finished: dict[str, Gathered] = {name: self.columns[name].finish() for name in given}
        texts = {name: names for name, (_, names) in finished.items() if names is not None}
        if not texts:
            for name, (chunks, _) in finished.items():
                if (least := min(chunk.min() for chunk in chunks)) < 0:
                    raise InputError(f"{self.path}: column {name} holds {least}; class ids are 0 and up")
            return {name: chunks for name, (chunks, _) in finished.items()}, None
        for name in finished.keys() - texts.keys():  # numbers beside names: digits are names too, if any is in both
            chunks, numbered = as_texts(finished[name][0])
            ((text, names),) = texts.items()
            if not set(numbered) & set(names):
                raise InputError(
                    f"{self.path}: column {text} holds names, such as {names[0]}, and column {name} integers,"
                    f" such as {numbered[0]}; the same expected in both"
                )
            finished[name], texts = (chunks, numbered), {**texts, name: numbered}
        union = tuple(sorted({name for names in texts.values() for name in names}))
        places = {name: compact(recoding(names, union)) for name, names in texts.items()}
        return {name: [places[name][chunk] for chunk in chunks] for name, (chunks, _) in finished.items()}, union

    def assembled(self) -> Predictions:
        """All that was gathered."""
        classes, class_names = self._classes()
        examples = Axis(*self.columns.pop("example_id").finish())
        members = Axis(*self.columns.pop("member").finish())
        grid = Grid(self.path, members, examples)
        attributes = {}
        for name, attribute in self.attributes.items():
            if attribute.names is not None:
                place = grid.of_examples(name, attribute.chunks, attribute.names)
                attributes[name] = np.array(attribute.names, dtype=object)[place]
        cluster = None
        if "cluster" in self.columns:
            of = Axis(*self.columns.pop("cluster").finish())
            texts = [of[place] for place in range(len(of))]
            cluster = np.array(texts, dtype=object)[grid.of_examples("cluster", of.places, texts)]
        population = Population(
            example_id=examples.values,
            member=members.values,
            label=grid.of_examples("label", classes["label"], class_names) if "label" in classes else None,
            prediction=grid.fill(classes["prediction"]),
            names=tuple(members[place] for place in range(len(members))) if self.found.named else None,
        )
        measured: dict[str, Any] = {name: grid.fill(chunks) for name, chunks in self.measured.items()}
        correct = measured.pop("correct", None)
        if correct is not None and population.label is not None:
            self._refuse_disagreement(population.correct, correct, examples)
            correct = None
        many = tuple(name for name, attribute in self.attributes.items() if attribute.names is None)
        left_out = (*self.found.unread, *many)
        whole = replace(population, **measured)
        return Predictions(
            whole,
            class_names,
            examples.names,
            attributes,
            cluster,
            left_out,
            correct=correct,
            answered=self.found.answer is not None or not self.graded,
        )

    def _refuse_disagreement(
        self, equal: npt.NDArray[np.bool_], correct: npt.NDArray[np.bool_], examples: Axis
    ) -> None:
        """Refuse a column `correct` that is not whether the prediction is the label."""
        if not (odd := equal != correct).any():
            return
        place = int(np.argmax(odd.any(axis=0)))
        said = f"is {bool(correct[:, place][odd[:, place]][0])} for example {examples[place]}"
        same = "differ" if correct[:, place][odd[:, place]][0] else "are the same"
        raise InputError(
            f"{self.path}: column correct {said}, whose prediction and label {same}; {odd.sum():,} of {odd.size:,}"
            " answers are such. Leave out the label where answers are right in other ways than by being equal to it"
        )
