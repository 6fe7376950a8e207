"""A model file as a classifier: a batch in, scores of each class out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lesion.deploy.contract import Array, Model, Slot
from lesion.deploy.given import Feeds, Given
from lesion.errors import InputError

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Classifier:
    """A model and the output that is read.

    Attributes
    ----------
    path : the file, for messages
    output : name of the output with the scores
    fixed : the batch that the model takes, None where any will do
    """

    path: Path
    model: Model
    output: str
    fixed: int | None

    def batches(self, given: Given, batch: int) -> int:
        """How many batches `scores` yields."""
        return -(-given.count // (self.fixed or batch))

    def scores(self, given: Given, batch: int) -> Iterator[tuple[int, Scores]]:
        """Yield the number of the first example of each batch and the batch's scores, float32 (rows, classes).

        A model with a fixed batch gets its last batch filled up with copies of the last example, which are dropped.

        Raises
        ------
        InputError
            Where inputs have another type, rank or size than the model takes, the model fails on a batch, or a score
            is not finite.
        """
        size = self.fixed or batch
        for start in range(0, given.count, size):
            stop = min(start + size, given.count)
            feeds = fitting(self.path, self.model.inputs, given.read(start, stop), given.source)
            if self.fixed and stop - start < self.fixed:
                feeds = {name: _filled(values, self.fixed) for name, values in feeds.items()}
            try:
                found = self.model.run(feeds, self.output)
            except RuntimeError as error:
                where = f"examples {start} to {stop - 1} of {given.source}"
                raise InputError(f"{self.path}: fails on {where}: {error}") from None
            yield start, self._checked(found, given, start, stop)

    def _checked(self, found: Array, given: Given, start: int, stop: int) -> Scores:
        shown = found.shape
        while found.ndim > 2 and found.shape[-1] == 1:  # (n, classes, 1, 1), as some convolutional networks give
            found = found[..., 0]
        found = found[: stop - start]
        if found.ndim != 2 or found.shape[1] < 2 or len(found) != stop - start:
            raise InputError(
                f"{self.path}: output {self.output} has the shape {shown} for {stop - start} examples; scores "
                "(examples, classes) of two or more classes are expected"
            )
        scores = found.astype(np.float32)
        if (odd := np.flatnonzero(~np.isfinite(scores).all(axis=1))).size:
            example = given.example_id[start + int(odd[0])].as_py()
            raise InputError(f"{self.path}: a score of example {example} is not finite")
        return scores


def classifier(path: Path, model: Model, output: str | None) -> Classifier:
    """Choose the output that is read: the one of that name, else the only one that can be scores.

    Raises
    ------
    InputError
        Where there is no such output, or none or several that can be scores.
    """
    known = {slot.name: slot for slot in model.outputs}
    if output is None:
        able = [slot.name for slot in model.outputs if _may_be_scores(slot)]
        if len(able) != 1:
            listed = "; ".join(slot.described() for slot in model.outputs)
            raise InputError(f"{path}: --output is expected, the one with the scores of the classes, of {listed}")
        [output] = able
    elif output not in known:
        raise InputError(f"{path}: has no output {output} ({', '.join(known)} expected)")
    batches = {slot.shape[0] for slot in model.inputs if slot.shape}
    fixed = {length for length in batches if length is not None}
    if len(fixed) > 1:
        raise InputError(f"{path}: its inputs have batches of different sizes, {sorted(fixed)}")
    return Classifier(path, model, output, fixed.pop() if fixed else None)


def _may_be_scores(slot: Slot) -> bool:
    """Whether an output is floats, of two dimensions or more if that is told."""
    return slot.dtype is not None and slot.dtype.kind == "f" and (slot.shape is None or len(slot.shape) > 1)


def fitting(path: Path, slots: tuple[Slot, ...], read: Mapping[str, Array], source: Path) -> Feeds:
    """The inputs of a model from what a source holds, in the model's types.

    A source with a single array gives the only input of a model, whatever its name.

    Raises
    ------
    InputError
        Where an input is missing, has another rank or size, or holds numbers that the model's type does not.
    """
    names = [slot.name for slot in slots]
    if len(slots) == 1 and len(read) == 1:
        read = {names[0]: next(iter(read.values()))}
    if missing := [name for name in names if name not in read]:
        raise InputError(f"{source}: has no array {missing[0]}; {path} takes {', '.join(names)}")
    for slot in slots:
        _check_shape(path, slot, read[slot.name], source)
    return {slot.name: _cast(path, slot, read[slot.name], source) for slot in slots}


def _check_shape(path: Path, slot: Slot, values: Array, source: Path) -> None:
    if slot.shape is None:
        return
    pairs = zip(values.shape[1:], slot.shape[1:], strict=False)
    if values.ndim != len(slot.shape) or any(wanted not in (None, length) for length, wanted in pairs):
        shape = ", ".join(map(str, ("n", *values.shape[1:])))
        raise InputError(f"{source}: has the shape ({shape}), {path} takes {slot.described()}")


def _cast(path: Path, slot: Slot, values: Array, source: Path) -> Array:
    """`values` in the type of the input: floats in any float type, integers in any type that holds them."""
    wanted = slot.dtype
    if wanted is None:
        raise InputError(f"{path}: input {slot.name} is no array of numbers")
    if values.dtype != wanted:
        exact = values.dtype.kind in "biu" and wanted.kind in "biu"
        if not exact and wanted.kind != "f":
            raise InputError(f"{source}: holds {values.dtype}, {path} takes {slot.described()}")
        if exact and not np.array_equal(values.astype(wanted), values):
            raise InputError(f"{source}: holds {values.min()} to {values.max()}, {path} takes {slot.described()}")
        values = values.astype(wanted)
    return np.ascontiguousarray(values)


def _filled(values: Array, size: int) -> Array:
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])
