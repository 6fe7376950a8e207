"""Populations made of random numbers, as arrays and as files."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, TEXT, write_parquet
from lesion.audit.comparison.populations import Population
from tests import places


def labels(rng: np.random.Generator, examples: int, classes: int) -> npt.NDArray[np.int16]:
    """True classes in a random order, each class at least once."""
    return rng.permutation(np.arange(examples) % classes).astype(np.int16)


def population(
    rng: np.random.Generator,
    label: npt.NDArray[np.int16],
    *,
    members: int,
    classes: int,
    skill: float | npt.NDArray[np.float64] = 0.7,
    first: int = 0,
    true_probability: bool = False,
    confidence: bool = False,
    origins: tuple[int | str, ...] | None = None,
) -> Population:
    """Members that are right with probability `skill` (one, or one for each class), else anything; ids have gaps.

    With `true_probability` members give some to the true class, with `confidence` some to their answer.
    """
    shape = (members, len(label))
    right = rng.random(shape) < np.broadcast_to(skill, classes)[label]
    prediction = np.where(right, label, rng.integers(0, classes, shape)).astype(np.int16)
    return Population(
        example_id=(5 + 3 * np.arange(len(label))).astype(np.int32),
        member=np.arange(first, first + members, dtype=np.int16),
        label=label,
        prediction=prediction,
        correct_top5=(prediction == label) | (rng.random(shape) < 0.5),
        true_probability=rng.random(shape, dtype=np.float32) if true_probability else None,
        origins=origins,
        confidence=rng.random(shape, dtype=np.float32) if confidence else None,
    )


def table(made: Population) -> pa.Table:
    """The rows of predictions of a population; one half for the probability of the true class where it gives none."""
    members, examples = made.prediction.shape
    half = np.full(made.prediction.shape, 0.5, dtype=np.float32)
    columns = {
        "example_id": np.tile(made.example_id, members),
        "member": np.repeat(made.member, examples),
        "label": np.tile(made.known_label, members),
        "prediction": made.prediction.ravel(),
        "correct_top5": made.known_top5.ravel(),
        "confidence": (half if made.confidence is None else made.confidence).ravel(),
        "true_probability": (half if made.true_probability is None else made.true_probability).ravel(),
    }
    return pa.table(columns, schema=PREDICTIONS)


def write_population(study: str, variant: str, shard: str, made: Population, **known: Any) -> None:
    """Write the predictions of a shard, and what its members were trained from where that is known."""
    if made.origins is not None:
        named = {int: "initialisation", str: "sha256"}
        trained = {str(m): {named[type(origin)]: origin} for m, origin in zip(made.member, made.origins, strict=True)}
        known = {"members": trained, **known}
    write_parquet(places.predictions(study, variant, shard), table(made), study=study, variant=variant, **known)


def write_examples(study: str, made: Population, names: list[str]) -> None:
    """Write the table of examples, all of them for testing."""
    count = len(made.example_id)
    text = {
        name: pa.array([value] * count).dictionary_encode().cast(TEXT)
        for name, value in {"split": "test", "source": "made up"}.items()
    }
    columns = {"example_id": pa.array(made.example_id), "label": pa.array(made.label), **text}
    write_parquet(places.examples(study), pa.table(columns, schema=EXAMPLES), study=study, class_names=names)
