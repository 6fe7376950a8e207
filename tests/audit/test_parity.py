"""The same predictions, by the nodes of the pipeline, by `lesion audit` and by `Audit`: the same numbers."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import TEXT, write_parquet
from lesion.audit import registry
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.populations import Population
from lesion.audit.estimator import Audit
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.resamples import Resamples
from lesion.params.subgroups import Subgroups
from tests.audited import audit_pair
from tests.compared import examples_path, predictions, run, run_summary
from tests.synthetic import labels, population, table, write_population

SEED, STUDY, VARIANT, SHARD = 1911, "toy", "gmp-50", "0-7"
OPTIONS: dict[str, Any] = {
    "alpha": 0.2,
    "splits": 12,
    "resamples": 12,
    "smallest": 30,
    "seed": SEED,
    "normalise": "population",
}
OPTIONS |= {"study": STUDY, "variant": VARIANT}
IMPACT = Impact(alpha=0.2, normalise="population")
BY_KEY: dict[str, Any] = {
    "audit.impact": IMPACT,
    "audit.ties": "member",
    "audit.halves": Halves(splits=12),
    "audit.resamples": Resamples(draws=12),
    "audit.subgroups": Subgroups(smallest=30),
    "studies.{study}.subgroups": [["hand"]],
}
SETTINGS: dict[str, dict[str, Any]] = {
    name: {argument: BY_KEY[key] for argument, key in statistic.SETTINGS.items()}
    for name, statistic in registry.load_all().items()
}
Sides = tuple[Population, Population]


def made(members: tuple[int, int], classes: int = 4) -> tuple[Sides, list[str]]:
    """Two populations, and the hand of each example."""
    rng = np.random.default_rng(5)
    label = labels(rng, 90, classes)
    dense, compressed = (
        population(rng, label, members=count, classes=classes, skill=skill, true_probability=True, confidence=True)
        for count, skill in zip(members, (0.8, 0.55), strict=True)
    )
    return (dense, compressed), rng.choice(["left", "right"], 90).tolist()


def written_for_nodes(sides: Sides, hand: list[str], classes: int) -> None:
    text = {"split": ["test"] * len(hand), "source": ["made up"] * len(hand), "hand": hand}
    columns = {"example_id": pa.array(sides[0].example_id), "label": pa.array(sides[0].known_label)}
    columns |= {name: pa.array(values).dictionary_encode().cast(TEXT) for name, values in text.items()}
    names = [str(place) for place in range(classes)]
    write_parquet(examples_path(STUDY), pa.table(columns), study=STUDY, class_names=names)
    for variant, side in zip(("dense", VARIANT), sides, strict=True):
        write_population(STUDY, variant, SHARD, side)


def by_nodes(design: Design) -> dict[str, pd.DataFrame]:
    written = {name: run(name, STUDY, VARIANT, [SHARD], root_seed=SEED, design=design, **SETTINGS[name])
               for name in registry.names()}  # fmt: skip
    tables = {name: read(path) for name, path in written.items()}
    summary = run_summary(STUDY, [VARIANT], [SHARD], alpha=0.2, statistics=registry.names())
    return tables | {"summary": read(summary).assign(variant=["dense", "compressed"])}


def read(path: Path) -> pd.DataFrame:
    return cast(pd.DataFrame, pd.read_parquet(path) if path.suffix == ".parquet" else read_csv(path))


def written_for_anybody(sides: Sides, hand: list[str], folder: Path, suffix: str) -> dict[str, Path]:
    """Rows in another order, in the formats of `lesion audit`."""
    given = {}
    for name, side in zip(("dense", "compressed"), sides, strict=True):
        rows = table(side).to_pandas()
        rows["hand"] = np.tile(hand, len(side.member))
        rows = rows.sample(frac=1, random_state=3)
        given[name] = folder / f"{name}{suffix}"
        if suffix == ".parquet":
            rows.to_parquet(given[name], index=False)
        else:
            rows.to_csv(given[name], index=False)
    return given


def by_arrays(sides: Sides, hand: list[str], design: Design) -> dict[str, pd.DataFrame]:
    dense, compressed = sides
    audited = Audit(design=design, **OPTIONS).fit(
        dense.prediction,
        compressed.prediction,
        dense.known_label,
        example_id=dense.example_id,
        groups={"hand": hand},
        true_probability=(dense.true_probability, compressed.true_probability),
        correct_top5=(dense.correct_top5, compressed.correct_top5),
        confidence=(dense.confidence, compressed.confidence),
    )
    return {**audited.tables_, "summary": audited.summary_}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("members", "design", "classes"),
    [((8, 8), "auto", 4), ((8, 8), "paired", 4), ((8, 3), "independent", 4), ((5, 1), "auto", 4), ((6, 6), "auto", 2)],
)
def test_nodes_files_and_arrays_give_the_same_numbers(
    suffix: str, members: tuple[int, int], design: Design, classes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sides, hand = made(members, classes)
    written_for_nodes(sides, hand, classes)
    expected = by_nodes(design)
    arrays = by_arrays(sides, hand, design)
    audit_pair(**written_for_anybody(sides, hand, tmp_path, suffix), out=tmp_path / "out", design=design, **OPTIONS)
    assert set(arrays) == set(expected)
    for name, by_node in expected.items():
        columns = [column for column in by_node if name != "summary" or column in arrays["summary"]]
        pd.testing.assert_frame_equal(arrays[name], by_node[columns], check_dtype=False, check_exact=True)
        [path] = [*(tmp_path / "out").glob(f"{name}.*")][-1:] if len(by_node) else [None]
        if path is not None and name != "pie":
            pd.testing.assert_frame_equal(read(path), by_node[columns], check_dtype=False, check_exact=True)
    one, other = (read_predictions(path) for path in written_for_anybody(sides, hand, tmp_path, suffix).values())
    fitted = Audit(design=design, **OPTIONS).fit(one, other)
    pd.testing.assert_frame_equal(fitted.summary_, arrays["summary"], check_exact=True)
    graded = pd.read_parquet(tmp_path / "out" / "pie.parquet")
    pd.testing.assert_frame_equal(graded, expected["pie"], check_dtype=False, check_exact=True)
    assert expected["null"].empty == (members == (5, 1))


def test_files_of_the_pipeline_tell_who_is_whose_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (dense, compressed), _ = made((3, 3))
    for origins, paired in ((None, False), ((4, 5, 6), True), (("a", "b", "c"), True)):
        for variant, side in (("dense", dense), (VARIANT, compressed)):
            write_population(STUDY, variant, SHARD, Population(**{**vars(side), "origins": origins}))
        [one], [other] = (predictions(STUDY, variant, [SHARD]) for variant in ("dense", VARIANT))
        assert from_files(one, other).paired == paired
        assert not from_files(one, other, design="independent").paired
