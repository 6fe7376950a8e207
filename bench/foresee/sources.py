"""Comparisons of dense and compressed models from studies of this pipeline, and from files of language models."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import Population, read_population
from lesion.params.design import Design


@dataclass(frozen=True)
class Compared:
    """A comparison; `kind`: what was done to the models, as `lesion foresee` calls it, or nothing."""

    data: str
    models: str
    variant: str
    kind: str
    comparison: Comparison


KINDS = {"int8-static": "int8", "int8-dynamic": "int8", "gmp-50": "pruned-50", "gmp-90": "pruned-90", "int4": "int4",
         "int8": "int8"}  # fmt: skip


def predictions(study: Path, variant: str) -> Population:
    """The population of a variant of a study, from the files of its shards."""
    return read_population(sorted((study / "predictions" / variant).glob("*.parquet")))


def of_study(study: Path) -> Iterator[Compared]:
    """All compressed variants of a study: `results/<study>`."""
    root = yaml.safe_load((study.parents[1] / "params.yaml").read_text())["root_seed"]
    dense = predictions(study, "dense")
    for variant in sorted(path.name for path in (study / "predictions").iterdir() if path.name != "dense"):
        comparison = from_nodes(
            study=study.name, variant=variant, examples=study / "data" / "examples.parquet", dense=dense,
            compressed=predictions(study, variant), root_seed=root, design="auto",
        )  # fmt: skip
        models = f"{len(dense.member)} members"
        yield Compared(study.name, models, variant, KINDS.get(variant, ""), comparison)


def of_texts(folder: Path) -> Iterator[Compared]:
    """The files that docs/TEXT.md makes, with the models' confidence."""
    for variant in ("int8", "int4", "pruned-90", "pruned-97"):
        design: Design = "paired" if variant in KINDS else "independent"
        comparison = from_files(folder / "dense.parquet", folder / f"{variant}.parquet", design=design)
        yield Compared("docstrings", "10 linear models", variant, KINDS.get(variant, ""), comparison)


def of_language_models(folder: Path) -> Iterator[Compared]:
    """Files `<model>-fp16.csv` beside `<model>-int8.csv` and `<model>-int4.csv`."""
    for dense in sorted(folder.glob("*-fp16.csv")):
        model = dense.name.removesuffix("-fp16.csv")
        for variant in ("int8", "int4"):
            comparison = from_files(dense, folder / f"{model}-{variant}.csv")
            yield Compared("multiple choice", model, variant, KINDS[variant], comparison)
