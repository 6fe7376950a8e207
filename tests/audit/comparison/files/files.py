"""Files of predictions, made of random numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SPECIES = np.array(["ant", "bee", "cat", "dog"])


def rows(seed: int, *, members: int = 3, examples: int = 20, classes: int = 4, skill: float = 0.8) -> Any:
    """A long table in a random order; labels and attributes hang on the example alone, whatever the seed."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(7)
    label = fixed.integers(0, classes, examples)
    age = np.where(fixed.random(examples) < 0.4, "old", "young")
    right = rng.random((members, examples)) < skill
    prediction = np.where(right, label, rng.integers(0, classes, right.shape))
    table = pd.DataFrame(
        {
            "example_id": np.tile(5 + 3 * np.arange(examples), members),
            "member": np.repeat(2 * np.arange(members), examples),
            "label": np.tile(label, members),
            "prediction": prediction.ravel(),
            "true_probability": rng.random(right.size).astype(np.float32),
            "correct_top5": ((prediction == label) | (rng.random(right.shape) < 0.5)).ravel(),
            "confidence": rng.random(right.size).astype(np.float32),
            "age": np.tile(age, members),
        }
    )
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


def named(table: Any) -> Any:
    """The same with names for classes and examples."""
    ids = [f"image {number:04d}" for number in table["example_id"]]
    return table.assign(label=SPECIES[table["label"]], prediction=SPECIES[table["prediction"]], example_id=ids)


def written(path: Path, table: Any) -> Path:
    """Write a table in the format of the suffix."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    return path
