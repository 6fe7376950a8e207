"""A study made of random numbers, on which the real audit runs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.arrays import write_arrays
from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, ROBUSTNESS, TEXT, write_parquet
from lesion.audit.robustness import ADVERSARIAL, CLEAN
from lesion.audit.statistics.effects import effects
from lesion.audit.statistics.impact import impact
from lesion.audit.statistics.null import null
from lesion.audit.statistics.pie import pie
from lesion.audit.statistics.subgroups import subgroups
from lesion.audit.summary import summary
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.resamples import Resamples
from lesion.params.subgroups import Subgroups
from lesion.views.figures.robustness import GROUPS

CORRUPTIONS = [name for names in GROUPS.values() for name in names]


@dataclass(frozen=True)
class Synthetic:
    """What to make up. A variant is (sparsity, bytes of a member, mean logit of being right)."""

    trained: dict[str, tuple[float, int, float]]
    derived: dict[str, tuple[float, int, float]]
    dense: tuple[float, int, float] = (0.0, 40_000, 4.2)
    names: tuple[str, ...] = ("zero", "<b>one</b>", "two & a half")
    attribute: str = "hand"
    groups: tuple[str, str] = ("left", "right")
    study: str = "toy"
    shards: tuple[str, ...] = ("0-3", "4-7")
    examples: int = 60  # of each split
    side: int = 8
    channels: int = 1
    severities: tuple[int, ...] = (1, 3)


SMALL = Synthetic(
    trained={"gmp-50": (0.5, 24_000, 3.6), "gmp-90": (0.9, 9_000, 0.9)},
    derived={"float16": (0.0, 20_000, 4.2), "int8-static": (0.0, 11_000, 3.4)},
)
WITHOUT_PIE = Synthetic(
    trained={"gmp-50": (0.5, 24_000, 50.0)}, derived={"float16": (0.0, 20_000, 50.0)}, dense=(0.0, 40_000, 50.0)
)


def _examples(made: Synthetic, rng: np.random.Generator) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int16]]:
    """Write examples and images; ids have gaps, so that a row position is not an id. Returns ids and labels."""
    total = 2 * made.examples
    ids = (10 + 3 * np.arange(total)).astype(np.int32)
    labels = np.empty(total, dtype=np.int16)
    for split in (slice(0, None, 2), slice(1, None, 2)):
        labels[split] = rng.permutation(np.arange(made.examples) % len(made.names))
    columns = {
        "example_id": pa.array(ids),
        "label": pa.array(labels),
        "split": pa.array(np.where(np.arange(total) % 2, "test", "train")).dictionary_encode().cast(TEXT),
        "source": pa.array(["made up"] * total).dictionary_encode().cast(TEXT),
        made.attribute: pa.array(np.where(np.arange(total) % 5 < 2, *made.groups)).dictionary_encode().cast(TEXT),
    }
    table = pa.table(columns)
    assert table.schema.names[: len(EXAMPLES)] == EXAMPLES.names
    write_parquet(paths.examples(made.study), table, study=made.study, class_names=list(made.names))
    blocks = rng.integers(0, 256, (total, made.side, made.side, made.channels), dtype=np.uint8)
    write_arrays(paths.images(made.study), {"images": blocks}, study=made.study)
    return ids[1::2], labels[1::2]


def _population(
    made: Synthetic,
    variant: str,
    facts: tuple[float, int, float],
    ids: npt.NDArray[np.int32],
    labels: npt.NDArray[np.int16],
    rng: np.random.Generator,
) -> None:
    """Write predictions: hard examples are often taken for the next class, and the last classes suffer most."""
    sparsity, size, skill = facts
    classes = len(made.names)
    hardness = 4 * np.random.default_rng(7).beta(0.3, 4, len(ids))  # the same for every variant
    burden = (made.dense[2] - skill) * (0.5 + labels / max(1, classes - 1))
    for shard in made.shards:
        first, last = map(int, shard.split("-"))
        members = np.arange(first, last + 1)
        logit = made.dense[2] - burden - 1.8 * hardness + rng.normal(0, 0.15, (len(members), 1))
        right = rng.random((len(members), len(ids))) < 1 / (1 + np.exp(-logit))
        prediction = np.where(right, labels, (labels + 1) % classes).astype(np.int16)
        top5 = right | (rng.random(right.shape) < 0.9)
        table = pa.table(
            {
                "example_id": np.tile(ids, len(members)),
                "member": np.repeat(members, len(ids)).astype(np.int16),
                "label": np.tile(labels, len(members)),
                "prediction": prediction.ravel(),
                "correct_top5": top5.ravel(),
                "confidence": rng.random(right.size).astype(np.float32),
                "true_probability": rng.random(right.size).astype(np.float32),
            },
            schema=PREDICTIONS,
        )
        known = {"study": made.study, "variant": variant, **_sizes(sparsity, size)}
        write_parquet(paths.predictions(made.study, variant, shard), table, **known)


def _sizes(sparsity: float, size: int) -> dict[str, object]:
    """Of a network of two layers."""
    return {
        "sparsity": sparsity,
        "sparsity_by_layer": [["0.weight", sparsity], ["3.weight", sparsity]],
        "parameters": 10_000,
        "parameters_left": 10_000 * (1 - sparsity),
        "multiply_adds": 300_000 * (1 - sparsity),
        "bytes_per_member": size,
        "encoding": "bit mask + values" if sparsity else "plain",
    }


def _robustness(made: Synthetic, variant: str, skill: float, rng: np.random.Generator) -> None:
    """Write correct answers on clean, corrupted and natural adversarial images."""
    total = 500
    conditions = [(CLEAN, 0), *((name, s) for name in CORRUPTIONS for s in made.severities), (ADVERSARIAL, 0)]
    for shard in made.shards:
        first, last = map(int, shard.split("-"))
        rows = []
        for member in range(first, last + 1):
            for place, (name, severity) in enumerate(conditions):
                drop = 4 if name == ADVERSARIAL else severity * 0.7 * (0.4 + (place * 37 % 11) / 11)
                sensitive = 1 + (place * 53 % 7) / 10
                logit = made.dense[2] - drop - sensitive * (made.dense[2] - skill)
                for label in range(len(made.names)):
                    correct = int(rng.binomial(total, 1 / (1 + np.exp(-logit))))
                    rows.append((member, name, severity, label, correct, min(total, correct + 9), total))
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        cast = [
            column.dictionary_encode().cast(field.type) if field.type == TEXT else column.cast(field.type)
            for column, field in zip(columns, ROBUSTNESS, strict=True)
        ]
        write_parquet(paths.robustness(made.study, variant, shard), pa.table(cast, schema=ROBUSTNESS), variant=variant)


def build(made: Synthetic) -> None:
    """Write the whole study below the current folder, the audit by its own steps."""
    rng = np.random.default_rng(1911)
    ids, labels = _examples(made, rng)
    compressed = made.trained | made.derived
    for variant, facts in ({"dense": made.dense} | compressed).items():
        _population(made, variant, facts, ids, labels, rng)
        _robustness(made, variant, facts[2], rng)
    shards, settings = list(made.shards), Impact(alpha=0.05, normalise="population")
    for variant in compressed:
        known: dict[str, Any] = {"study": made.study, "variant": variant, "shards": shards, "design": "auto"}
        impact(**known, settings=settings)
        pie(**known)
        subgroups(**known, groups=[[made.attribute]], settings=Subgroups(smallest=30), impact=settings)
        effects(**known, root_seed=1911, resamples=Resamples(draws=20))
        null(**known, root_seed=1911, settings=settings, halves=Halves(splits=20))
    summary(study=made.study, shards=shards, trained=list(made.trained), derived=list(made.derived))


def active(made: Synthetic) -> dict[str, object]:
    """The arguments that every figure and the gallery take."""
    lists = {"shards": made.shards, "trained": made.trained, "derived": made.derived}
    return {"study": made.study} | {name: list(values) for name, values in lists.items()}
