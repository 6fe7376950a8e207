"""`python -m bench.foresee`: the files of docs/results/foresee, and the rows of the tables on its page."""

import argparse
from functools import partial
from pathlib import Path

import pandas as pd

from bench.foresee.perturbations import left_out, sizes
from bench.foresee.scores import table
from bench.foresee.sources import Compared, of_language_models, of_study, of_texts
from bench.foresee.tables import tables
from lesion.artifacts.atomic import replacing
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.statistics import foresight
from lesion.audit.statistics.foresight import MARGIN, weights
from lesion.params.figure import Figure
from lesion.views.figures.foresight import plot, tabulate
from lesion.views.figures.saving import files

COMPARED = ["gmp-50", "gmp-90", "int8-static"]
GRADIENTS = 4  # members whose gradients are taken, where there are many images
FEW = 2_000  # images of which all members' gradients are taken


def foreseen(found: list[Compared]) -> pd.DataFrame:
    """The tables of the statistic, one below the other."""
    parts = [
        foresight.table(one.comparison, ties="member").assign(data=one.data, models=one.models, variant=one.variant)
        for one in found
    ]
    return pd.concat(parts)[["data", "models", "variant", *foresight.SCHEMA.names]]


def foretold(found: list[Compared]) -> pd.DataFrame:
    """Sizes, and what those of the other models would have foretold."""
    measured = sizes(found)
    margins = {(one.data, one.models): weights(one.comparison.dense)[MARGIN] for one in found}
    return measured.join(pd.DataFrame(left_out(measured, margins)).set_index("place"))


def draw(found: pd.DataFrame, path: Path) -> None:
    """The figure of one study, as SVG."""
    columns = ["variant", *foresight.SCHEMA.names]
    shown = tabulate(
        {name: rows[columns].drop(columns="variant") for name, rows in found.groupby("variant", sort=False)}
    )
    made = files(partial(plot, shown), Figure(width=11.0, height=6.5, font_size=9.0), sorted(set(found["variant"])))
    with replacing(path) as temporary:
        temporary.write_bytes(made["svg"])


def main() -> None:
    """Make what there is data for."""
    parser = argparse.ArgumentParser(prog="python -m bench.foresee", description=__doc__)
    parser.add_argument("--study", type=Path, action="append", default=[], help="results/<study>, with checkpoints")
    parser.add_argument("--language", type=Path, help="a folder of <model>-fp16.csv, -int8.csv and -int4.csv")
    parser.add_argument("--texts", type=Path, help="a folder of the files that docs/TEXT.md makes, with confidence")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = [one for study in given.study for one in of_study(study)]
    found += [] if given.texts is None else list(of_texts(given.texts))
    found += [] if given.language is None else list(of_language_models(given.language))
    told = foreseen(found)
    write_csv(given.out / "foresight.csv", told)
    for study in given.study:
        draw(told[told["data"] == study.name], given.out / f"{study.name}.svg")
    write_csv(given.out / "sizes.csv", foretold(found))
    parts = []
    for study in given.study:
        images = len(next(of_study(study)).comparison.example_id)
        parts.append(table(study, COMPARED, gradients=GRADIENTS if images > FEW else 1_000))
    if parts:
        write_csv(given.out / "scores.csv", pd.concat(parts))
    if given.language is not None and parts:
        print("\n\n".join(tables(given.out)))


if __name__ == "__main__":
    main()
