"""A study made of random numbers, on which the real audit runs."""

import inspect
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.arrays import write_arrays
from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, ROBUSTNESS, TEXT, write_parquet
from lesion.audit.node import write_statistic
from lesion.audit.robustness import ADVERSARIAL, CLEAN
from lesion.audit.summary import write_summary
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.resamples import Resamples
from lesion.params.subgroups import Subgroups
from lesion.views.figures.robustness import GROUPS
from tests import places

CORRUPTIONS = [name for names in GROUPS.values() for name in names]


@dataclass(frozen=True)
class Synthetic:
    """What to make up. A variant is (sparsity, bytes of a member, mean logit of being right).

    Of an external one, a single member of another origin, the logit alone is known.
    """

    trained: dict[str, tuple[float, int, float]]
    derived: dict[str, tuple[float, int, float]]
    external: dict[str, float] = field(default_factory=dict)
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
EVERY_KIND = Synthetic(
    trained={"gmp-90": (0.9, 9_000, 0.9)},
    derived={"gmp-90-int8-static": (0.9, 3_000, 0.8)},
    external={"vendor_s-own-network-of-a-very-long-name-v2": 2.0},
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
    write_parquet(places.examples(made.study), table, study=made.study, class_names=list(made.names))
    blocks = rng.integers(0, 256, (total, made.side, made.side, made.channels), dtype=np.uint8)
    write_arrays(places.images(made.study), {"images": blocks}, study=made.study)
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
    external = variant in made.external
    classes = len(made.names)
    hardness = 4 * np.random.default_rng(7).beta(0.3, 4, len(ids))  # the same for every variant
    burden = (made.dense[2] - skill) * (0.5 + labels / max(1, classes - 1))
    for shard in made_of(made, variant):
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
                "correct_top5": [None] * right.size if external else top5.ravel(),
                "confidence": rng.random(right.size).astype(np.float32),
                "true_probability": [None] * right.size if external else rng.random(right.size).astype(np.float32),
            },
            schema=PREDICTIONS,
        )
        known = {"study": made.study, "variant": variant} | ({} if external else _sizes(sparsity, size))
        write_parquet(places.predictions(made.study, variant, shard), table, **known)


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
        write_parquet(places.robustness(made.study, variant, shard), pa.table(cast, schema=ROBUSTNESS), variant=variant)


def build(made: Synthetic) -> None:
    """Write the whole study below the current folder, the audit by its own steps."""
    rng = np.random.default_rng(1911)
    ids, labels = _examples(made, rng)
    for variant, facts in ({"dense": made.dense} | made.trained | made.derived).items():
        _population(made, variant, facts, ids, labels, rng)
        _robustness(made, variant, facts[2], rng)
    for variant, skill in made.external.items():
        _population(made, variant, (0.0, 0, skill), ids, labels, rng)
    impact, drawn = Impact(alpha=0.05, normalise="member"), Halves(splits=20)
    settings: dict[str, dict[str, Any]] = {
        "impact": {"settings": impact},
        "pie": {"ties": "label"},
        "effects": {"settings": Resamples(draws=20), "ties": "label"},
        "null": {"draws": drawn, "ties": "label"},
        "flips": {"groups": [[made.attribute]], "ties": "label"},
        "subgroups": {"groups": [[made.attribute]], "settings": Subgroups(smallest=30), "impact": impact},
        "calibration": {"groups": [[made.attribute]], "settings": Subgroups(smallest=30)},
        "reliability": {},
        "foresight": {"ties": "label"},
    }
    study = Study(made)
    for variant in study.compressed:
        for statistic, given in settings.items():
            write_statistic(
                statistic=statistic,
                study=made.study,
                variant=variant,
                examples=study.examples,
                dense=study.predictions["dense"],
                compressed=study.predictions[variant],
                table=study.statistic(statistic)[variant],
                root_seed=1911,
                design="auto",
                cluster=None,
                **given,
            )
    tables = {statistic: study.statistic(statistic) for statistic in settings}
    written: dict[str, Any] = {"summary": study.summary, "metrics": study.metrics, **tables}
    write_summary(study=made.study, predictions=study.predictions, alpha=0.05, **written)


@dataclass(frozen=True)
class Study:
    """Where the artifacts of a study lie, and what its figures are given."""

    made: Synthetic

    @property
    def compressed(self) -> list[str]:
        """The compressed variants in the order of display."""
        return [*self.made.trained, *self.made.derived, *self.made.external]

    @property
    def examples(self) -> Path:
        """The table of examples."""
        return places.examples(self.made.study)

    @property
    def images(self) -> Path:
        """The packed images."""
        return places.images(self.made.study)

    @property
    def summary(self) -> Path:
        """The headline table."""
        return places.place("summary", self.made.study)

    @property
    def metrics(self) -> Path:
        """The same as numbers."""
        return places.place("metrics", self.made.study)

    @property
    def predictions(self) -> dict[str, list[Path]]:
        """The files of each population, dense first; external ones are a single member."""
        shards = {variant: made_of(self.made, variant) for variant in ("dense", *self.compressed)}
        return {
            variant: [places.predictions(self.made.study, variant, shard) for shard in of]
            for variant, of in shards.items()
        }

    @property
    def robustness(self) -> dict[str, list[Path]]:
        """The files of each population that was shown corrupted images."""
        variants = ("dense", *self.made.trained, *self.made.derived)
        return {
            variant: [places.robustness(self.made.study, variant, shard) for shard in self.made.shards]
            for variant in variants
        }

    def statistic(self, name: str) -> dict[str, Path]:
        """The table of each compressed variant."""
        return {variant: places.statistic(name, self.made.study, variant) for variant in self.compressed}

    def arguments(self, figure: str, folder: Path) -> dict[str, Any]:
        """What `draw` of a figure is given, its files in `folder`."""
        module = import_module("lesion.views.figures." + figure.replace("-", "_"))
        settings: dict[str, Any] = {
            "root_seed": 1911,
            "active.trained": list(self.made.trained),
            "active.derived": list(self.made.derived),
            "audit.design": "auto",
            "audit.impact.alpha": 0.05,
        }
        given = {name: self._input(name) for name in module.INPUTS}
        given |= {name: settings[key] for name, key in getattr(module, "SETTINGS", {}).items()}
        if "study" in inspect.signature(module.draw).parameters:
            given["study"] = self.made.study
        return given | {
            name: folder / f"{figure}.{suffix}" for name, suffix in (("svg", "svg"), ("pdf", "pdf"), ("numbers", "csv"))
        }

    def _input(self, name: str) -> Any:
        return getattr(self, name) if hasattr(self, name) else self.statistic(name)


def made_of(made: Synthetic, variant: str) -> tuple[str, ...]:
    """The shards of a population."""
    return ("0-0",) if variant in made.external else made.shards
