"""The `import` step: predictions of an external variant, taken from a file of anybody's as those of a shard."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, read_facts, read_parquet, write_parquet
from lesion.audit.comparison.files.prediction_files import is_shifted
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.sanity.shifted import refuse_shift
from lesion.audit.comparison.sanity.twins import folded
from lesion.errors import InputError
from lesion.params.shard import members

Integers = npt.NDArray[np.integer]


def take(*, study: str, variant: str, shard: str, examples: Path, source: Path, predictions: Path) -> None:
    """Write the `predictions` of the members of `shard`, counted in the order of their names in the file `source`.

    The file needs every test example of the study; others are left out. Where it has no probabilities or top-5 answers,
    those columns are empty.

    Raises
    ------
    InputError
        Where the file lacks a test example or a member, calls an example or a class otherwise than the study, has
        another label for an example, or ids of classes or examples that are off by one.
    """
    read = read_predictions(source)
    ids, label = _test_examples(examples)
    rows = _rows(source, read, ids)
    said, known = read.population, _classes(examples)
    chosen = np.array(members(shard))
    if chosen[-1] >= len(said.member):
        raise InputError(f"{source}: has {len(said.member)} members, variants.{variant}.members asks for {shard}")
    cells = np.ix_(chosen, rows)
    ids_of_classes = np.arange(len(known[0]) + 1)  # one more than there is may be answered by who counts from 1
    if read.class_names is None and said.prediction.max() in ids_of_classes:
        refuse_shift({str(source): said.prediction[cells]}, label, ids_of_classes)
    code = _code(source, read, known)
    if said.label is not None and (other := np.flatnonzero(code[said.label[rows]] != label)).size:
        raise InputError(f"{source}: example {ids[other[0]]} has another label than in {examples}")
    columns = {
        "example_id": np.tile(ids, len(chosen)),
        "member": np.repeat(chosen, len(ids)),
        "label": np.tile(label, len(chosen)),
        "prediction": code[said.prediction[cells]].ravel(),
    }
    for name in ("correct_top5", "confidence", "true_probability"):
        if (measured := getattr(said, name)) is not None:
            columns[name] = measured[cells].ravel()
    nothing = [None] * (len(chosen) * len(ids))
    arrays = {field.name: pa.array(columns.get(field.name, nothing), field.type) for field in PREDICTIONS}
    write_parquet(predictions, pa.table(arrays, schema=PREDICTIONS), study=study, variant=variant)


def _test_examples(path: Path) -> tuple[Integers, Integers]:
    """Ids, ascending, and labels of the test examples."""
    table = read_parquet(path, EXAMPLES, ["example_id", "label", "split"])
    rows = np.array(table.column("split").to_pylist()) == "test"
    ids, label = (table.column(name).to_numpy()[rows] for name in ("example_id", "label"))
    order = np.argsort(ids)
    return ids[order], label[order]


def _rows(source: Path, read: Predictions, ids: Integers) -> Integers:
    """Where the file has each test example. An array without ids has them in ascending order."""
    if read.numbered:
        if (count := len(read.population.example_id)) != len(ids):
            raise InputError(f"{source}: has {count} examples, {len(ids)} test examples expected")
        return np.arange(len(ids))
    if read.example_names is not None:
        raise InputError(f"{source}: calls an example {read.example_names[0]}; the study's ids are whole numbers")
    found = read.population.example_id
    places = np.minimum(np.searchsorted(found, ids), len(found) - 1)
    for step, what in ((1, "plus"), (-1, "less")):
        if is_shifted(ids, found, step):
            raise InputError(f"{source}: its example ids are those of the study {what} one, such as {found[0]}")
    if (missing := np.flatnonzero(found[places] != ids)).size:
        raise InputError(f"{source}: lacks {missing.size} of {len(ids)} test examples, e.g. {ids[missing[0]]}")
    return places


def _classes(path: Path) -> tuple[list[str], list[str]]:
    facts = read_facts(path)
    return list(facts["class_names"]), list(facts["class_ids"] if "class_ids" in facts else facts["class_names"])


def _code(source: Path, read: Predictions, known: tuple[list[str], list[str]]) -> Integers:
    """From a class of the file to the study's: by its name or its id in the source, or by its number."""
    names, ids = known
    if read.class_names is None:
        largest = int(read.population.prediction.max())
        if largest >= len(names):
            raise InputError(f"{source}: has the class {largest}, the study has 0 to {len(names) - 1}")
        return np.arange(len(names), dtype=np.int16)
    places = {name: place for found in (ids, names) for place, name in enumerate(found)}
    if unknown := [name for name in read.class_names if name not in places]:
        twins = [name for name in (*names, *ids) if folded(name) == folded(unknown[0])]
        near = f", which has {twins[0]}" if twins else ""
        raise InputError(f"{source}: has the class {unknown[0]}, which is none of the study's{near}")
    return np.array([places[name] for name in read.class_names], dtype=np.int16)
